"""What every optimal design returns, and the checks and coordinates that the designs share."""

from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from mtrl.numerics.checks import check_finite, known
from mtrl.numerics.errors import BadInput
from mtrl.numerics.types import Scalar

CUTOFF = (
    1e-10  # singular values at most this fraction of the largest count as zero (in float32: a few units of rounding)
)
SINGLE = 1e-7  # gaps below this are rounding in float32


class CertifiedDesign(NamedTuple):
    """Weights with the interval `[bound, value]` that holds the best value of the criterion, whatever the iteration did."""

    weights: Float[Array, "..."]  # lambda over the points, or pi(a|s) over the actions of every context
    value: Float[Array, ""]  # criterion of these weights, to be made small
    bound: Float[Array, ""]  # no design has a smaller value (Kiefer-Wolfowitz, or duality)
    gap: Float[Array, ""]  # value / bound - 1
    converged: Bool[Array, ""]  # gap <= tolerance; False on NaN
    rank: Float[Array, ""]  # numerical rank of the points


def certify(weights: Array, value: Array, bound: Array, tolerance: Scalar, rank: Array) -> CertifiedDesign:
    """The certificate of a design; a bound of zero, or anything not finite, certifies nothing."""
    gap = value / bound - 1
    return CertifiedDesign(weights, value, bound, gap, jnp.isfinite(gap) & (gap <= tolerance), rank)


def check_tolerance(tolerance: Scalar, dtype: Any) -> None:
    """Refuse gaps that single precision cannot reach.

    Raises:
      BadInput: below 1e-7 in float32, or negative.
    """
    value = known(tolerance)
    if value is not None and not value >= 0:
        raise BadInput(f"tolerance got {float(value):g}, but must be at least 0; 1e-6 is usual")
    if value is not None and jnp.finfo(dtype).bits < 64 and value < SINGLE:
        raise BadInput(
            f"tolerance got {float(value):g}, but {jnp.dtype(dtype).name} reaches no less than {SINGLE:g}; run with x64"
        )


def check_spanning(name: str, points: Any) -> None:
    """Check that points span their space: an E-optimal design of others has the smallest eigenvalue 0.

    Args:
      name: what they are.
      points: (..., dim); traced ones are not known and pass.

    Raises:
      BadInput: they span less, or are not finite.
    """
    values = known(points)
    if values is None:
        return
    check_finite(hint="clean the data first", **{name: values})
    dim = values.shape[-1]
    rank = int(np.linalg.matrix_rank(values.reshape(-1, dim)))
    if rank < dim:
        raise BadInput(
            f"{name} span only {rank} of {dim} dimensions, but must span all; add {name} or drop the dimensions that none of them has"
        )


def whiten(points: Float[Array, "arm dim"]) -> tuple[Array, Array, Array]:
    """Coordinates in which `sum_x x x^T = I` on the span of the points.

    Returns:
      rows (arm, dim), zero in the columns that the points do not span; the change of coordinates `C` (dim, dim) with `rows = points C`; and
      which columns are spanned (dim,).
    """
    cutoff = max(CUTOFF, 8 * max(points.shape) * float(jnp.finfo(points.dtype).eps))
    _, singular, right = jnp.linalg.svd(points, full_matrices=points.shape[0] < points.shape[1])
    singular = jnp.pad(singular, (0, points.shape[1] - singular.shape[0]))
    kept = (singular > cutoff * singular[0]) & (singular > 0)
    change = right.T * jnp.where(kept, 1 / jnp.where(kept, singular, 1), 0)
    return points @ change, change, kept


def uniform_weights(*arrays: Array, points: int) -> Float[Array, " arm"]:
    """Equal weights; NaN when an array is not finite, so that nothing computed from them can pass for an answer."""
    finite = jnp.stack([jnp.isfinite(array).all() for array in arrays]).all()
    return jnp.where(finite, jnp.full(points, 1 / points, arrays[0].dtype), jnp.nan)
