"""Multitask predictive state representations (PSRs): tasks with the same observations and actions, and a joint class of models.

| what | where |
| --- | --- |
| tabular POMDPs, their tables of trajectories, samplers | `problem` |
| values, best policies and max-policy total variation, exact by recursion on the tree | `tree` |
| PSRs of POMDPs by core tests of any length, filtering, conditioning | `representation` |
| the same where laws depend on the stage: `StagedPOMDP`, `from_staged`, `unrolled` | `staged` |
| a finite joint class with the exact projection of its confidence set | `finite` |
| what its tasks are played on | `worlds` |
| `umt_psr` (upstream, with its baselines), `known_transition` (oracle), `omt_psr` (downstream) | `umt_psr`, `omt_psr` |
| continuous classes with shared transitions: `em`, `gradient_mle`, `best_of` | `likelihood` |
| bracketing numbers, margins, rates, degrees of freedom | `theory` |

Paper: Huang, Cheng, Yang, Tan and Liang, "Provable Benefits of Multi-task RL under Non-Markovian Decision Making Processes", ICLR 2024,
arXiv 2310.13550. It has no experiments: classes, sizes and figures are this project's own designs.

How far apart are two POMDPs of which an agent may choose the actions, and does the PSR give the same law?

>>> import jax
>>> jax.config.update("jax_enable_x64", True)
>>> from mtrl.mdp import psr
>>> tasks = psr.sample_two_state(jax.random.key(0), tasks=2)
>>> tables = jax.vmap(lambda model: psr.trajectory_table(model, horizon=3))(tasks)
>>> tables.shape, bool(0 < psr.distance(*tables) < 0.2)
((2, 3, 2, 3, 2, 3), True)
>>> first = jax.tree.map(lambda x: x[0], tasks)
>>> bool(abs(psr.psr_table(psr.from_pomdp(first), horizon=3) - tables[0]).max() < 1e-12)
True
"""

from mtrl.mdp.psr import finite, theory, worlds
from mtrl.mdp.psr.likelihood import Fit, Paths, best_of, em, gradient_mle, log_likelihood, random_start
from mtrl.mdp.psr.omt_psr import omt_psr, restricted
from mtrl.mdp.psr.problem import (
    POMDP,
    beliefs,
    check_columns,
    check_table,
    mixtures,
    perturbed,
    pomdp,
    sample,
    sample_shared,
    sample_two_state,
    stack,
    trajectory_log_likelihood,
    trajectory_table,
)
from mtrl.mdp.psr.representation import (
    PSR,
    blurred,
    conditioning,
    core_tests,
    from_moments,
    from_pomdp,
    numerical_rank,
    predictive_states,
    psr_table,
    shortest_tests,
)
from mtrl.mdp.psr.staged import (
    StagedPOMDP,
    StagedPSR,
    from_staged,
    repeated,
    sample_staged,
    staged_pomdp,
    staged_psr_table,
    staged_states,
    staged_table,
    staged_tests,
    unrolled,
)
from mtrl.mdp.psr.tree import (
    Best,
    best,
    check_rewards,
    distance,
    divergence,
    draw,
    explore,
    history_matrix,
    policy_value,
    renyi,
    reward_of_last,
    uniform_policy,
    value_gap,
    weights,
    worst_renyi,
)
from mtrl.mdp.psr.umt_psr import PLANNING, SHARING, known_transition, umt_psr

__all__ = [
    "PLANNING", "SHARING", "Best", "Fit", "POMDP", "PSR", "Paths", "StagedPOMDP", "StagedPSR", "beliefs", "best", "best_of",
    "blurred", "check_columns", "check_rewards", "check_table", "conditioning", "core_tests", "distance", "divergence", "draw",
    "em", "explore", "finite", "from_moments", "from_pomdp", "from_staged", "gradient_mle", "history_matrix", "known_transition",
    "log_likelihood", "mixtures", "numerical_rank", "omt_psr", "perturbed", "policy_value", "pomdp", "predictive_states",
    "psr_table", "random_start", "renyi", "repeated", "restricted", "reward_of_last", "sample", "sample_shared", "sample_staged",
    "sample_two_state", "shortest_tests", "stack", "staged_pomdp", "staged_psr_table", "staged_states", "staged_table",
    "staged_tests", "theory", "trajectory_log_likelihood", "trajectory_table", "umt_psr", "uniform_policy", "unrolled",
    "value_gap", "weights", "worlds", "worst_renyi",
]  # fmt: skip
