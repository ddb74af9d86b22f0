"""Symmetric positive semidefinite matrices: roots, inverses and solves through clipped eigenvalues.

No gradient should be taken through these: eigenvectors are not differentiable at repeated eigenvalues, nor is the root
at zero.
"""

from collections.abc import Callable

import jax.numpy as jnp
from jaxtyping import Array, Float

from mtrl.numerics.types import Scalar


def spectral_map(
    matrix: Float[Array, "*batch dim dim"], fn: Callable[[Float[Array, "*batch dim"]], Float[Array, "*batch dim"]]
) -> Float[Array, "*batch dim dim"]:
    """`Q f(lambda) Q^T` for a symmetric matrix `Q diag(lambda) Q^T`; f acts on the vector of ascending eigenvalues."""
    values, vectors = jnp.linalg.eigh(matrix)
    return jnp.einsum("...ij,...j,...kj->...ik", vectors, fn(values), vectors)


def sqrt_psd(matrix: Float[Array, "*batch dim dim"], floor: Scalar = 0.0) -> Float[Array, "*batch dim dim"]:
    """Symmetric square root with the eigenvalues clipped below at `floor` (default 0: removes rounding below zero
    only).
    """
    return spectral_map(matrix, lambda values: jnp.sqrt(jnp.maximum(values, floor)))


def nearest_psd(matrix: Float[Array, "*batch dim dim"], floor: Scalar = 0.0) -> Float[Array, "*batch dim dim"]:
    """The nearest matrix in Frobenius norm whose eigenvalues are at least `floor`; the matrix itself is symmetrised first."""
    return spectral_map((matrix + matrix.mT) / 2, lambda values: jnp.maximum(values, floor))


def pinv_psd(matrix: Float[Array, "*batch dim dim"], cutoff: Scalar | None = None) -> Float[Array, "*batch dim dim"]:
    """Pseudo-inverse; eigenvalues at most `cutoff` times the largest are taken as zero.

    Args:
      matrix: symmetric positive semidefinite.
      cutoff: relative; None stands for dim * machine epsilon, the rounding error of the eigenvalues.
    """
    return spectral_map(matrix, lambda values: _invert(values, _default(cutoff, matrix)))


def solve_psd(
    matrix: Float[Array, "*batch dim dim"], right: Float[Array, "*batch dim"], cutoff: Scalar | None = None
) -> tuple[Float[Array, "*batch dim"], Float[Array, "*batch"]]:
    """Minimum-norm solution of `matrix x = right` and the numerical rank that was used.

    Args:
      matrix: symmetric positive semidefinite.
      right: right-hand side.
      cutoff: eigenvalues at most this fraction of the largest count as zero; None stands for dim * machine epsilon.

    Returns:
      x, and the number of eigenvalues above the cutoff (as a float): below dim the solution is one of many.
    """
    values, vectors = jnp.linalg.eigh(matrix)
    inverse = _invert(values, _default(cutoff, matrix))
    coordinates = jnp.einsum("...ji,...j->...i", vectors, right)
    solution = jnp.einsum("...ij,...j->...i", vectors, inverse * coordinates)
    return solution, jnp.sum(inverse > 0, axis=-1).astype(matrix.dtype)


def _default(cutoff: Scalar | None, matrix: Array) -> Scalar:
    return matrix.shape[-1] * float(jnp.finfo(matrix.dtype).eps) if cutoff is None else cutoff


def _invert(values: Array, cutoff: Scalar) -> Array:
    """1/lambda above the relative cutoff, zero below it."""
    kept = values > cutoff * jnp.max(values, axis=-1, keepdims=True)
    kept = kept & (values > 0)
    return jnp.where(kept, 1 / jnp.where(kept, values, 1), 0)
