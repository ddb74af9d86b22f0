"""Conjugate gradients for positive definite systems given as a function.

`jax.scipy.sparse.linalg.cg` (JAX 0.10) cannot be vmapped when the start and the right-hand side carry the batch on
different axes, which nested vmaps produce; hence these few lines.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from mtrl.numerics.types import Scalar


class LinearSolution(NamedTuple):
    """Where the search ended."""

    point: Float[Array, "*shape"]  # not finite when anything on the way was not
    residual: Float[
        Array, ""
    ]  # ||right - apply(point)|| / ||right||, as the recursion carries it; NaN counts as not converged


def conjugate_gradients(
    apply: Callable[[Float[Array, "*shape"]], Float[Array, "*shape"]],
    right: Float[Array, "*shape"],
    start: Float[Array, "*shape"],
    *,
    tolerance: Scalar = 1e-10,
    iterations: int = 200,
) -> LinearSolution:
    """Solve `apply(x) = right` for a symmetric positive definite linear map (Hestenes and Stiefel 1952).

    Args:
      apply: the map.
      right: right-hand side.
      start: initial x.
      tolerance: stops when the residual norm is at most this fraction of the norm of `right`.
      iterations: at most; a while loop, so that under vmap all lanes wait for the slowest.
    """
    limit = tolerance**2 * jnp.sum(right**2)

    def proceed(carry):
        _, _, _, square, count = carry
        return (square > limit) & (count < iterations)

    def body(carry):
        x, residual, direction, square, count = carry
        image = apply(direction)
        curvature = jnp.sum(direction * image)
        step = square / jnp.where(curvature > 0, curvature, 1)
        x, residual = x + step * direction, residual - step * image
        new_square = jnp.sum(residual**2)
        direction = residual + (new_square / jnp.where(square > 0, square, 1)) * direction
        return x, residual, direction, new_square, count + 1

    residual = right - apply(start)
    carry = (start, residual, residual, jnp.sum(residual**2), jnp.zeros((), jnp.int32))
    x, _, _, square, _ = jax.lax.while_loop(proceed, body, carry)
    norm = jnp.sum(right**2)
    # A comparison with NaN ends the loop, too: then nothing was solved.
    point = jnp.where(jnp.isfinite(square), x, jnp.nan)
    return LinearSolution(point, jnp.sqrt(square / jnp.where(norm > 0, norm, 1)))
