"""Linear systems of a few unknowns by Gauss-Jordan elimination, unrolled over the unknowns and element-wise over everything else.

LAPACK is called once per matrix, which for thousands of small ones costs far more than the arithmetic; these functions fuse with what
surrounds them. No rows are exchanged, so they are for matrices whose pivots stay positive in any order: symmetric positive definite
`S`; such a matrix with columns scaled by positive numbers, as `I + B diag(k)` for positive semidefinite B; and `I - M` with
`M >= 0` of spectral radius below 1. Elimination without exchanges is backward stable for each of them (Higham 2002, Accuracy and
Stability of Numerical Algorithms, sections 9.3 and 10.1). Matrices larger than `unroll_up_to` go to LAPACK, with exchanges.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

UNROLL_UP_TO = 8


def solve(
    matrix: Float[Array, "*batch dim dim"],
    right: Float[Array, "*batch dim column"],
    *,
    unroll_up_to: int = UNROLL_UP_TO,
) -> Float[Array, "*batch dim column"]:
    """`matrix^-1 right`; not finite where a pivot is zero.

    Args:
      matrix: of one of the kinds above.
      right: right-hand sides as columns.
      unroll_up_to: largest dim that is eliminated here (static).
    """
    dim = matrix.shape[-1]
    if dim > unroll_up_to:
        return jnp.linalg.solve(matrix, right)
    for i in range(dim):
        here = jnp.arange(dim) == i
        # Row i is divided by its pivot and cleared from the others; subtracting (pivot - 1) times it would lose a large pivot's digits.
        pivot, column = matrix[..., i, i, None], matrix[..., :, i, None]
        row, value = matrix[..., i, :] / pivot, right[..., i, :] / pivot
        matrix = jnp.where(here[:, None], row[..., None, :], matrix - column * row[..., None, :])
        right = jnp.where(here[:, None], value[..., None, :], right - column * value[..., None, :])
    return right


def inverse(
    matrix: Float[Array, "*batch dim dim"], *, unroll_up_to: int = UNROLL_UP_TO
) -> Float[Array, "*batch dim dim"]:
    """`matrix^-1`, eliminated in place: half the work of solving for the identity.

    Args:
      matrix: of one of the kinds above.
      unroll_up_to: largest dim that is eliminated here (static).
    """
    dim = matrix.shape[-1]
    if dim > unroll_up_to:
        return jnp.linalg.inv(matrix)
    for i in range(dim):
        here = jnp.arange(dim) == i
        row = jnp.where(here, 1.0, matrix[..., i, :]) / matrix[..., i, i, None]
        column = jnp.where(here, 0.0, matrix[..., :, i])
        rest = jnp.where(here, 0.0, matrix) - column[..., :, None] * row[..., None, :]
        matrix = jnp.where(here[:, None], row[..., None, :], rest)
    return matrix
