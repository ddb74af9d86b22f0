"""Subspaces: orthonormal bases, projectors and the distances between them.

A subspace of R^dim is given by any basis with orthonormal columns, (dim, rank). The basis is arbitrary up to a
rotation: compare projectors or distances, never bases.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float


def orthonormalise(basis: Float[Array, "dim rank"]) -> tuple[Float[Array, "dim rank"], Float[Array, "rank rank"]]:
    """QR factorisation `basis = Q R` with the sign fixed so that diag(R) >= 0 (LAPACK's own sign is arbitrary).

    Returns:
      Q (dim, rank) with orthonormal columns and R (rank, rank) upper triangular. A basis which lost rank shows as a
      zero on diag(R).
    """
    q, r = jnp.linalg.qr(basis)
    sign = jnp.where(jnp.diagonal(r) < 0, -1, 1).astype(basis.dtype)
    return q * sign, sign[:, None] * r


def projector(basis: Float[Array, "dim rank"]) -> Float[Array, "dim dim"]:
    """Orthogonal projector `B B^T` on the span of an orthonormal basis B."""
    return basis @ basis.T


def remove_span(basis: Float[Array, "dim rank"], other: Float[Array, "dim *columns"]) -> Float[Array, "dim *columns"]:
    """`(I - B B^T) other`, the part of `other` outside the span of the orthonormal basis B.

    Projected twice: one pass leaves a remainder along B of the size of rounding times `other`, which is all there is
    to see when the two spans nearly agree.
    """
    outside = other - basis @ (basis.T @ other)
    return outside - basis @ (basis.T @ outside)


def sin_theta(first: Float[Array, "dim rank"], second: Float[Array, "dim rank"]) -> Float[Array, ""]:
    """Sine of the largest principal angle, `||(I - B1 B1^T) B2||_2`, of two orthonormal bases of equal rank.

    Equal to `sqrt(1 - sigma_min(B1^T B2)^2)` and to `||B1 B1^T - B2 B2^T||_2`, but exact to rounding near zero where
    the square-root form keeps only half of the digits.
    """
    return jnp.linalg.norm(remove_span(first, second), ord=2)


def frobenius_distance(first: Float[Array, "dim rank"], second: Float[Array, "dim rank"]) -> Float[Array, ""]:
    """`||(I - B1 B1^T) B2||_F = sqrt(rank - ||B1^T B2||_F^2)`, the root of the summed squared sines of the principal
    angles.
    """
    return jnp.linalg.norm(remove_span(first, second))


def principal_angles(first: Float[Array, "dim rank"], second: Float[Array, "dim rank"]) -> Float[Array, " rank"]:
    """All principal angles in radians, descending.

    From sines where they are below 1/sqrt(2) and from cosines elsewhere: each form is used where it is well
    conditioned (Bjorck and Golub 1973, Mathematics of Computation 27).
    """
    sines = jnp.clip(jnp.linalg.svd(remove_span(first, second), compute_uv=False), 0, 1)  # descending
    cosines = jnp.clip(
        jnp.linalg.svd(first.T @ second, compute_uv=False)[::-1], 0, 1
    )  # ascending: same order of angles
    return jnp.where(sines**2 < 0.5, jnp.arcsin(sines), jnp.arccos(cosines))


def top_eigenspace(matrix: Float[Array, "dim dim"], rank: int) -> Float[Array, "dim {rank}"]:
    """Orthonormal basis of the `rank` largest eigenvalues of a symmetric matrix, in descending order of eigenvalue."""
    _, vectors = jnp.linalg.eigh(matrix)
    return vectors[:, ::-1][:, :rank]


def top_left_singular(matrix: Float[Array, "dim columns"], rank: int) -> Float[Array, "dim {rank}"]:
    """Orthonormal basis of the `rank` leading left singular vectors.

    Through the singular value decomposition of the matrix itself when it is tall, and of the triangular factor of its
    transpose when it is wide (a Gram matrix would square the condition number).
    """
    dim, columns = matrix.shape
    small = jnp.linalg.qr(matrix.T, mode="r").T if columns > dim else matrix
    return jnp.linalg.svd(small, full_matrices=False)[0][:, :rank]
