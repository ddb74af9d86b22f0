"""Uniform: every arm with the same probability, learns nothing. The upper envelope of the figures."""

import jax
import jax.numpy as jnp

from mtrl.numerics.algorithm import Algorithm


def uniform() -> Algorithm:
    """One arm per task, drawn uniformly; the state is the number of rounds."""

    def init(key, view):
        del key, view
        return jnp.zeros((), jnp.int32)

    def select(key, state, view):
        tasks, arms, _ = view.contexts.shape
        return jax.random.randint(key, (tasks,), 0, arms, jnp.int32)

    def update(key, state, view, action, feedback):
        return state + 1, ()

    return Algorithm(init, select, update)
