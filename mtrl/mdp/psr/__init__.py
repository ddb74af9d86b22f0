"""Multitask predictive state representations (PSRs): tasks with the same observations and actions, and a joint class of models.

| what | where |
| --- | --- |
| tabular POMDPs, their tables of trajectories, samplers | `problem` |
| values, best policies and max-policy total variation, exact by recursion on the tree | `tree` |
| PSRs of POMDPs by core tests of any length, filtering, conditioning | `representation` |

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

from mtrl.mdp.psr.problem import (
    POMDP,
    beliefs,
    check_columns,
    check_table,
    mixtures,
    perturbed,
    pomdp,
    same_spaces,
    sample,
    sample_shared,
    sample_two_state,
    trajectory_log_likelihood,
    trajectory_table,
)
from mtrl.mdp.psr.representation import (
    PSR,
    blurred,
    conditioning,
    core_tests,
    from_pomdp,
    numerical_rank,
    predictive_states,
    psr_table,
    shortest_tests,
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

__all__ = [
    "Best", "POMDP", "PSR", "beliefs", "best", "blurred", "check_columns", "check_rewards", "check_table",
    "conditioning", "core_tests", "distance", "divergence", "draw", "explore", "from_pomdp", "history_matrix",
    "mixtures", "numerical_rank", "perturbed", "policy_value", "pomdp", "predictive_states", "psr_table", "renyi",
    "reward_of_last", "same_spaces", "sample", "sample_shared", "sample_two_state", "shortest_tests",
    "trajectory_log_likelihood", "trajectory_table", "uniform_policy", "value_gap", "weights", "worst_renyi",
]  # fmt: skip
