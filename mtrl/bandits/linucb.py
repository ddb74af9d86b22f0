"""LinUCB, one per task: ridge regression with a constant multiplier of the width.

Li, Chu, Langford and Schapire, "A contextual-bandit approach to personalized news article recommendation", WWW 2010,
Algorithm 1. Per task: `V = lam I + sum x x^T`, `theta = V^-1 sum x r`, index `<x, theta> + alpha ||x||_{V^-1}`. OFUL
is the same rule with the multiplier of its confidence theorem (oful.py), greedy the same rule with alpha = 0.
"""

import dataclasses

import jax.numpy as jnp

from mtrl.bandits.checks import check_radius
from mtrl.bandits.linear_stats import RidgeState, ridge_index, ridge_init, ridge_update
from mtrl.bandits.problem import World
from mtrl.bandits.rounds import ArmData, Info, first_best, pull
from mtrl.numerics.algorithm import Algorithm
from mtrl.numerics.types import PRNGKey, Scalar


@dataclasses.dataclass(frozen=True)
class Config:
    """Settings fixed at compile time."""

    ridge: float = 1.0  # lam


def init(key: PRNGKey, problem: World, config: Config | None = None) -> RidgeState:
    """Start without data."""
    del key
    return ridge_init(problem.tasks, problem.dim, (config or Config()).ridge, problem.dtype)


def step(key: PRNGKey, state: RidgeState, data: ArmData, *, alpha: Scalar = 1.0) -> tuple[RidgeState, Info]:
    """Play the arm with the largest index in every task.

    Args:
      key: not used.
      state: ridge statistics.
      data: the round.
      alpha: multiplier of the width, at least 0.

    Raises:
      BadInput: alpha is a negative number or not a number (when it is not traced).
    """
    del key
    check_radius(alpha=alpha)
    values, squares = ridge_index(state, data.contexts)
    index = values + jnp.asarray(alpha, values.dtype) * jnp.sqrt(squares)
    feedback, info = pull(data, first_best(index))
    return ridge_update(state, feedback), info


LINUCB = Algorithm(init, step)
