"""Multitask bandits: regret with a shared representation.

M tasks are played at once; the mean reward of input x in task i is `<phi(x), theta_i>` with one unknown phi.

- worlds: `linear_arms`, `fixed_arms`, `linear_ball`, `linear_ellipsoid`, `finite_class`, `digit_images`, `sequential_tasks`
- per task: `linucb`, `greedy` (Li et al. 2010), `oful` (Abbasi-Yadkori et al. 2011), `pege` (Rusmevichientong and Tsitsiklis 2010),
  `uniform`
- shared, GFUCB (Lu et al. 2022): `gfucb_finite` exactly, `gfucb_linear`, with a network `neural_gfucb` (`learner`)
- shared, linear: `mtlr_oful` (Hu et al. 2021), `mlingreedy`, `e2tc` (Yang et al. 2021)
- one task after another: `boss` (Duong et al. 2024), `seqrepl`, `sequential_pege`
- from a log, nothing explored, Hong et al. 2023: `hier_opo`, `flat_opo`, `oracle_opo` and what belongs to them, in `off_policy`
- yardsticks: `known_representation`, `pege(known_subspace=True)`, and `independent` copies of any algorithm
- pure exploration (Du et al. 2023), in `exploration`: `dou_exp_des`, `c_dou_exp_des`, `ind_rage`, `ind_rf_linucb`, `oracle_features`,
  `uniform_designs`
- `theory`: rates and radii; `play`: your own environment

An algorithm is a factory: `linucb(alpha=0.5)` is an `Algorithm(init, select, update)`.

>>> import jax, numpy as np
>>> jax.config.update("jax_enable_x64", True)
>>> from mtrl.bandits import linucb, mtlr_oful, play
>>> class Shop:  # 6 customers who share 2 hidden tastes, 8 goods a day with 5 attributes each
...     def __init__(self):
...         self.random = np.random.default_rng(0)
...         self.tastes = self.random.normal(size=(6, 2)) @ self.random.normal(size=(2, 5)) / 3
...     def reset(self):
...         self.goods = self.random.normal(size=(6, 8, 5)) / 2
...         return self.goods
...     def step(self, action):
...         bought = self.goods[np.arange(6), action]
...         return (bought * self.tastes).sum(1) + 0.3 * self.random.normal(size=6), self.reset()
>>> paid = {}
>>> for name, algorithm in (("LinUCB", linucb(alpha=0.5)), ("MTLR-OFUL", mtlr_oful(rank=2, scale=0.1, noise=0.3))):
...     paid[name] = play(Shop(), algorithm, jax.random.key(0), 100, compile=jax.jit).rewards.mean()
>>> bool(paid["MTLR-OFUL"] > paid["LinUCB"] > 0.3)
True
"""

from mtrl.bandits import exploration, off_policy, theory
from mtrl.bandits.exploration import (
    c_dou_exp_des,
    dou_exp_des,
    ind_rage,
    ind_rf_linucb,
    oracle_features,
    uniform_designs,
)
from mtrl.bandits.finite_class import finite_class
from mtrl.bandits.images import digit_images
from mtrl.bandits.neural import BONUSES, gradient, last_layer, learner, neural_gfucb, optimistic_net
from mtrl.bandits.off_policy import flat_opo, hier_opo, oracle_opo
from mtrl.bandits.play import Environment, History, play
from mtrl.bandits.problem import (
    ArmTruth,
    ArmView,
    BallTruth,
    ClassView,
    LinearParams,
    Outcome,
    Sizes,
    fixed_arms,
    linear_arms,
    linear_ball,
    linear_ellipsoid,
)
from mtrl.bandits.regret import (
    boss,
    boss_schedule,
    e2tc,
    gfucb_finite,
    gfucb_linear,
    greedy,
    known_representation,
    linucb,
    mlingreedy,
    mtlr_oful,
    oful,
    pege,
    seqrepl,
    sequential_pege,
    uniform,
)
from mtrl.bandits.sequential import Plan, TaskTruth, sequential_tasks
from mtrl.numerics.independent import independent

__all__ = [
    "ArmTruth", "ArmView", "BONUSES", "BallTruth", "ClassView", "Environment", "History", "LinearParams", "Outcome", "Plan",
    "Sizes", "TaskTruth", "boss", "boss_schedule", "c_dou_exp_des", "digit_images", "dou_exp_des", "e2tc", "exploration",
    "finite_class", "fixed_arms", "flat_opo", "gfucb_finite", "gfucb_linear", "gradient", "greedy", "hier_opo",
    "ind_rage", "ind_rf_linucb", "independent", "known_representation", "last_layer", "learner", "linear_arms",
    "linear_ball", "linear_ellipsoid", "linucb", "mlingreedy", "mtlr_oful", "neural_gfucb", "off_policy", "oful",
    "optimistic_net", "oracle_features", "oracle_opo", "pege", "play", "seqrepl", "sequential_pege",
    "sequential_tasks", "theory", "uniform", "uniform_designs",
]  # fmt: skip
