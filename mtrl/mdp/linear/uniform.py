"""Uniform play: an action drawn uniformly at every state and stage. A trajectory meets each of them once, so this is the uniform policy."""

import jax
import jax.numpy as jnp

from mtrl.mdp.linear.episodes import Info
from mtrl.mdp.linear.planning import add, no_counts
from mtrl.numerics.algorithm import Algorithm


def uniform() -> Algorithm:
    """Play at random; what is seen is counted, as exploration data for others."""

    def init(key, view):
        return no_counts(view)

    def select(key, counts, view):
        tasks, stages, states, actions = counts.rewards.shape
        return jax.random.randint(key, (tasks, stages, states), 0, actions, jnp.int32)

    def update(key, counts, view, action, feedback):
        nothing = jnp.zeros_like(counts.rewards[:, :, 0, 0])
        return add(counts, feedback), Info(nothing[:, 0], nothing)

    return Algorithm(init, select, update)
