"""GradDrop: entries of one sign are kept at random (Chen et al., NeurIPS 2020)."""

from typing import Any

import jax
import jax.numpy as jnp
import optax

from mtrl.descent.aggregation import AggregatorState, check_tasks
from mtrl.descent.gramian import accumulator, check_gradients, diagnose, gramian
from mtrl.numerics.checks import check_between
from mtrl.numerics.types import Scalar


def graddrop(*, tasks: int, leak: Scalar = 0.0, key: Any = None) -> optax.GradientTransformationExtraArgs:
    """Per entry, `P = (1 + sum_t g_t / sum_t |g_t|) / 2` is the positive purity; with `u` uniform, positive parts stay where `P > u`,
    negative ones where `P < u`, and `d = sum_t (leak + (1 - leak) mask_t) g_t`.

    It needs the gradients themselves, not their Gramian alone; its diagnostics' weights are NaN.

    Args:
      tasks: T.
      leak: share that is always kept; 0 in the paper.
      key: of the draws, `jax.random.key(0)` when None.

    Raises:
      BadInput: leak outside [0, 1].
    """
    check_between(0.0, 1.0, leak=leak)
    check_tasks(tasks)
    no_weights = jnp.full(tasks, jnp.nan, accumulator())

    def init(params):
        del params
        nothing = diagnose(jnp.zeros((tasks, tasks), accumulator()), no_weights)
        return AggregatorState((), jax.random.key(0) if key is None else key, nothing)

    def update(updates, state, params=None, **extra):
        del params, extra
        check_gradients(updates)
        gram = gramian(updates)
        now, later = jax.random.split(state.key)
        leaves, shape = jax.tree.flatten(updates)
        finite = jnp.isfinite(gram).all()

        def drop(leaf, k):
            def add(sums, row):
                return (sums[0] + row, sums[1] + jnp.abs(row)), None

            nothing, kept = jnp.zeros_like(leaf[0]), jnp.asarray(leak, leaf.dtype)
            (total, size), _ = jax.lax.scan(add, (nothing, nothing), leaf)
            purity = (1 + jnp.where(size > 0, total / jnp.where(size > 0, size, 1), 0)) / 2
            u = jax.random.uniform(k, leaf.shape[1:], leaf.dtype)

            def keep(total, row):
                mask = jnp.where(row > 0, purity > u, purity < u)
                return total + (kept + (1 - kept) * mask.astype(leaf.dtype)) * row, None

            return jnp.where(finite, jax.lax.scan(keep, nothing, leaf)[0], 0)

        made = [drop(leaf, k) for leaf, k in zip(leaves, jax.random.split(now, len(leaves)), strict=True)]
        return jax.tree.unflatten(shape, made), AggregatorState((), later, diagnose(gram, no_weights))

    return optax.GradientTransformationExtraArgs(init, update)
