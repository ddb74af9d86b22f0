"""Linear MDPs: M tasks with H stages that share an unknown feature map phi, `P_i(s'|s,a) = <phi(s,a), mu_i(s')>`, `r_i = <phi(s,a), nu_i>`.

| what | where | paper |
| --- | --- | --- |
| problems: `from_tables` (one's own), `from_features`, `sample_{finite_class,linear,neural}` | `problem`, `samplers` | Jin et al. 2020 |
| what is played and seen: `episodic`, `record`, `play` (live environments, with `finite_view`) | `episodes`, `live` | |
| `multitask_lsvi`, `argmin_only`: a finite class, survivors shared by the tasks | `multitask_lsvi` | Lu et al. 2022 |
| `eleanor`: joint over stages and tasks, tiny problems | `eleanor` | Zanette et al. 2020 |
| `mtlr_lsvi`: an unknown subspace of given inputs | `mtlr_lsvi` | Hu et al. 2021 |
| `neural_lsvi`: a network as representation | `neural` | Lu et al. 2022 |
| `lsvi_ucb`, `tabular`, `known_representation` (oracle), `uniform` | by name | Jin et al. 2020 |
| regret rates, radii, gain of sharing | `theory` | all of them |
| `inherent_bellman_error`, `backup_residual`: how far a map is from linear | `bellman_error`, `problem` | |

An algorithm is a factory; an action is the policy table of a whole episode. LSVI on one's own MDP, two states in which action 1 pays:

>>> import jax
>>> jax.config.update("jax_enable_x64", True)
>>> from mtrl.mdp.linear import finite_view, lsvi_ucb, play
>>> class Chain:
...     def reset(self):
...         self.state = 0
...         return self.state
...     def step(self, action):
...         self.state = action
...         return self.state, 0.3 + 0.6 * self.state * action
>>> view = finite_view(stages=3, states=2, actions=2)
>>> played = play(Chain(), lsvi_ucb(beta=0.5, ridge=0.01), jax.random.key(0), 60, view=view, compile=jax.jit)
>>> played.seen.actions[-1].tolist()
[[1, 1, 1]]
"""

from mtrl.mdp.linear import theory
from mtrl.mdp.linear.argmin_only import argmin_only
from mtrl.mdp.linear.bellman_error import inherent_bellman_error
from mtrl.mdp.linear.eleanor import eleanor
from mtrl.mdp.linear.episodes import Info, Outcome, Record, Trajectory, episodic, record
from mtrl.mdp.linear.known_representation import known_representation
from mtrl.mdp.linear.live import Played, play
from mtrl.mdp.linear.lsvi_ucb import lsvi_ucb
from mtrl.mdp.linear.mtlr_lsvi import mtlr_lsvi
from mtrl.mdp.linear.multitask_lsvi import multitask_lsvi
from mtrl.mdp.linear.neural import BONUSES, neural_lsvi
from mtrl.mdp.linear.problem import (
    LinearMDP,
    View,
    backup_residual,
    check_sizes,
    finite_view,
    from_features,
    from_tables,
)
from mtrl.mdp.linear.samplers import sample_finite_class, sample_linear, sample_neural
from mtrl.mdp.linear.tabular import tabular
from mtrl.mdp.linear.uniform import uniform

__all__ = [
    "BONUSES", "Info", "LinearMDP", "Outcome", "Played", "Record", "Trajectory", "View", "argmin_only",
    "backup_residual", "check_sizes", "eleanor", "episodic", "finite_view", "from_features", "from_tables",
    "inherent_bellman_error", "known_representation", "lsvi_ucb", "mtlr_lsvi", "multitask_lsvi", "neural_lsvi",
    "play", "record", "sample_finite_class", "sample_linear", "sample_neural", "tabular", "theory", "uniform",
]  # fmt: skip
