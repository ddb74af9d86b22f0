"""Linear scalarisation: the weighted mean of the task gradients."""

from typing import Any

import jax
import jax.numpy as jnp
import optax

from mtrl.descent.aggregation import check_preference, check_tasks, from_gramian
from mtrl.descent.gramian import combine


def mean(*, tasks: int, preference: Any = None) -> optax.GradientTransformationExtraArgs:
    """`d = sum_t w_t g_t`, `w_t = 1/T` unless a preference is given.

    The direction does not wait for the Gramian, which only the diagnostics need: a compiled step that drops them never computes it.
    """
    check_tasks(tasks)
    w = check_preference(preference, tasks)
    made = from_gramian(lambda gram, carry, key, scale: (w, carry), tasks=tasks)

    def update(updates, state, params=None, **extra):
        _, after = made.update(updates, state, params, **extra)
        direction = combine(updates, w)
        finite = jnp.stack([jnp.isfinite(leaf).all() for leaf in jax.tree.leaves(direction)]).all()
        return jax.tree.map(lambda leaf: jnp.where(finite, leaf, 0), direction), after

    return optax.GradientTransformationExtraArgs(made.init, update)
