"""Aligned-MTL: the nearest matrix of task gradients with condition number 1 (Senushkin et al., CVPR 2023, algorithm 1)."""

from typing import Any

import jax.numpy as jnp
import optax
from jaxtyping import Array, Float

from mtrl.descent.aggregation import check_preference, check_tasks, from_gramian
from mtrl.descent.gramian import spectrum
from mtrl.numerics.checks import check_choice

SCALES = ("min", "median", "rmse")


def alignment(gram: Float[Array, "task task"], *, scale: str = "min") -> Float[Array, "task task"]:
    """`B = sqrt(lam) V diag(lam^-1/2) V'` over the eigenvalues of M that count: `B J` has the Gramian `lam I` (on their span).

    Args:
      gram: M.
      scale: which `lam`: the smallest kept eigenvalue ("min", the paper), the lower median ("median") or the mean ("rmse") of those kept.
    """
    values, vectors, kept = spectrum(gram)
    count = kept.sum()
    lowest = jnp.min(jnp.where(kept, values, jnp.inf))
    if scale == "median":  # eigenvalues ascend and the kept ones are the last `count`
        place = gram.shape[0] - count + (count - 1) // 2
        chosen = values[jnp.clip(place, 0, gram.shape[0] - 1)]
    else:
        chosen = (
            lowest if scale == "min" else jnp.where(kept, values, 0).sum() / jnp.maximum(count, 1).astype(gram.dtype)
        )
    root = jnp.where(kept, jnp.sqrt(chosen / jnp.where(kept, values, 1)), 0)
    return (vectors * root) @ vectors.T


def aligned_mtl_weights(
    gram: Float[Array, "task task"], preference: Float[Array, " task"] | None = None, *, scale: str = "min"
) -> Float[Array, " task"]:
    """`alpha = B w`, `w = 1/T` unless a preference is given; the direction vanishes only where `sum_t w_t g_t` does (full rank)."""
    w = jnp.full(gram.shape[0], 1 / gram.shape[0], gram.dtype) if preference is None else preference.astype(gram.dtype)
    return alignment(gram, scale=scale) @ w


def aligned_mtl(*, tasks: int, preference: Any = None, scale: str = "min") -> optax.GradientTransformationExtraArgs:
    """Aggregator of `aligned_mtl_weights`.

    The authors' code takes w = 1, a direction T times longer.

    Raises:
      BadInput: an unknown scale, or a preference off the simplex.
    """
    check_choice("scale", scale, SCALES)
    check_tasks(tasks)
    w = check_preference(preference, tasks)

    def weigh(gram, carry, key, scale_of_gram=None, **extra):
        return aligned_mtl_weights(gram, w, scale=scale), carry

    return from_gramian(weigh, tasks=tasks)
