"""Pure exploration of M linear bandits with shared features: name the best arms, or good policies, with few pulls in all.

- problems: `canonical_tasks`, `sample_arm_tasks`, `sample_context_tasks`, heads for given arms `plane_heads`; what a learner sees of them:
  `arm_sampler`, `context_sampler`
- best arms: `dou_exp_des` (features first, by E-optimal designs, then elimination in k dimensions); `ind_rage` (each task alone),
  `oracle_features`, `given_features`, `uniform_designs`
- near-best policies: `c_dou_exp_des`; `ind_rf_linucb`, `given_context_features`
- a fixed budget of pulls: `fb_doe`, `halve_alone`
- sample sizes, practical and of the proofs: `sizes`; bounds: `theory`

Papers: Du, Huang and Sun, "Multi-task Representation Learning for Pure Exploration in Linear Bandits", ICML 2023, arXiv 2302.04441;
before it Fiez et al. 2019 (RAGE) and Zanette et al. 2021.

Sixty tasks in 12 dimensions that share 2: every best arm is found. The function is pure: jit it.

>>> import jax
>>> jax.config.update("jax_enable_x64", True)
>>> from mtrl.bandits import exploration
>>> problem = exploration.canonical_tasks(0.5, tasks=60, dim=12, rank=2)
>>> sampler = exploration.arm_sampler(problem)
>>> @jax.jit
... def identify(key):
...     return exploration.dou_exp_des(key, sampler, rank=2, omega=1.0)
>>> found = identify(jax.random.key(0))
>>> bool(exploration.wrong(problem, found.best).any()), exploration.status(found)
(False, 'separated')
"""

from mtrl.bandits.exploration import sizes, theory
from mtrl.bandits.exploration.contextual import (
    Policies,
    c_dou_exp_des,
    given_context_features,
    ind_rf_linucb,
)
from mtrl.bandits.exploration.dou_exp_des import (
    dou_exp_des,
    given_features,
    ind_rage,
    oracle_features,
    uniform_designs,
)
from mtrl.bandits.exploration.fixed_budget import BudgetedChoice, fb_doe, halve, halve_alone
from mtrl.bandits.exploration.phases import Identification, status
from mtrl.bandits.exploration.plane import plane_heads
from mtrl.bandits.exploration.problem import (
    ArmTasks,
    ContextTasks,
    best_arms,
    canonical_diversity,
    canonical_tasks,
    check_arm_tasks,
    check_context_tasks,
    diversity,
    first_tasks,
    gaps,
    policy_gaps,
    sample_arm_tasks,
    sample_context_tasks,
    smallest_gap,
    subspace_error,
    wrong,
)
from mtrl.bandits.exploration.recover import feature_design, feature_moment, leading, make_batch, recover_features
from mtrl.bandits.exploration.sampler import ArmSampler, ContextSampler, arm_sampler, context_sampler
from mtrl.bandits.exploration.sizes import Bounds

__all__ = [
    "ArmSampler", "ArmTasks", "Bounds", "BudgetedChoice", "ContextSampler", "ContextTasks", "Identification",
    "Policies", "arm_sampler", "best_arms", "c_dou_exp_des", "canonical_diversity", "canonical_tasks",
    "check_arm_tasks", "check_context_tasks", "context_sampler", "diversity", "dou_exp_des", "fb_doe",
    "feature_design", "feature_moment", "first_tasks", "gaps", "given_context_features", "given_features", "halve",
    "halve_alone", "ind_rage", "ind_rf_linucb", "leading", "make_batch", "oracle_features", "plane_heads",
    "policy_gaps", "recover_features", "sample_arm_tasks", "sample_context_tasks", "sizes", "smallest_gap",
    "status", "subspace_error", "theory", "uniform_designs", "wrong",
]  # fmt: skip
