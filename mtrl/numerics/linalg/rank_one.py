"""Inverses that grow by one observation at a time: Sherman-Morrison updates, quadratic forms, ridge statistics."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from mtrl.numerics.types import Scalar


def quadratic_form(matrix: Float[Array, "*batch dim dim"], x: Float[Array, "*batch dim"]) -> Float[Array, "*batch"]:
    """`x^T matrix x` for every batch entry; for an inverse Gram matrix this is the squared width `||x||^2_{V^-1}`."""
    return jnp.einsum("...i,...ij,...j->...", x, matrix, x)


def inverse_update(
    inverse: Float[Array, "*batch dim dim"], x: Float[Array, "*batch dim"], weight: Scalar = 1.0
) -> Float[Array, "*batch dim dim"]:
    """Inverse of `V + weight x x^T` from the inverse of `V` (Sherman and Morrison 1950).

    `V^-1 - weight (V^-1 x)(V^-1 x)^T / (1 + weight x^T V^-1 x)`, O(dim^2) instead of O(dim^3). The rounding error of many updates
    adds up: in float32 rebuild the inverse from the Gram matrix now and then. A negative weight removes an observation, and is
    meaningful only while the result stays positive definite.

    Args:
      inverse: symmetric inverse `V^-1`.
      x: the new observation.
      weight: its weight.
    """
    direction = jnp.einsum("...ij,...j->...i", inverse, x)
    # Dividing the direction by the root of the denominator before squaring keeps observations of size 1e10 finite in float32.
    root = jnp.sqrt(jnp.abs(1.0 + weight * jnp.einsum("...i,...i->...", x, direction)))[..., None]
    scaled = direction / root
    return inverse - weight * scaled[..., :, None] * scaled[..., None, :]


def log_det_update(
    log_det: Float[Array, "*batch"],
    inverse: Float[Array, "*batch dim dim"],
    x: Float[Array, "*batch dim"],
    weight: Scalar = 1.0,
) -> Float[Array, "*batch"]:
    """`log det(V + weight x x^T)` from `log det V` and `V^-1` (matrix determinant lemma)."""
    return log_det + jnp.log1p(weight * quadratic_form(inverse, x))
