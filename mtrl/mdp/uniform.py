"""Uniform play: an action drawn uniformly at every state and stage. A trajectory meets each of them once, so this is the uniform policy."""

import jax
import jax.numpy as jnp

from mtrl.mdp.counts import add
from mtrl.mdp.episodes import Episode, Info, play, report
from mtrl.mdp.multitask_lsvi import State, init
from mtrl.numerics.algorithm import Algorithm
from mtrl.numerics.types import PRNGKey


def step(key: PRNGKey, state: State, data: Episode) -> tuple[State, Info]:
    """Play; what is seen is counted, as exploration data for others."""
    tasks, stages, states, actions = data.arrivals.shape
    policy = jax.random.randint(key, (tasks, stages, states), 0, actions, jnp.int32)
    seen = play(data, policy)
    nothing = jnp.zeros((tasks, states), data.rewards.dtype)
    info = report(data, policy, nothing, jnp.zeros((tasks, stages), data.rewards.dtype))
    return State(add(state.counts, seen)), info


UNIFORM = Algorithm(init, step)
