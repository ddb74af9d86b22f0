"""Uniform: every arm with the same probability, learns nothing. The upper envelope of the figures."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Int

from mtrl.bandits.problem import World
from mtrl.bandits.rounds import ArmData, Info, pull
from mtrl.numerics.algorithm import Algorithm
from mtrl.numerics.types import PRNGKey


class State(NamedTuple):
    """Nothing but the clock."""

    round: Int[Array, ""]


def init(key: PRNGKey, problem: World, config: Any = None) -> State:
    """Start the clock."""
    del key, problem, config
    return State(jnp.zeros((), jnp.int32))


def step(key: PRNGKey, state: State, data: ArmData) -> tuple[State, Info]:
    """Draw one arm per task."""
    tasks, arms = data.means.shape
    _, info = pull(data, jax.random.randint(key, (tasks,), 0, arms, jnp.int32))
    return State(state.round + 1), info


UNIFORM = Algorithm(init, step)
