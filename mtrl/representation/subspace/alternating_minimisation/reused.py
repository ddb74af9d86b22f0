"""Alternating minimisation (AltMin) which reuses all data in every iteration, as the experiments of its paper do.

Thekumparampil, Jain, Netrapalli, Oh 2021 (Statistically and Computationally Efficient Linear Meta-representation Learning, NeurIPS). Their
theory takes a fresh slice of the data in every iteration: `alternating_minimisation_fresh`.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from mtrl.numerics.checks import check_positive, check_rank, check_whole
from mtrl.numerics.linalg.subspaces import orthonormalise, sin_theta, top_left_singular
from mtrl.numerics.moments import Moments
from mtrl.numerics.types import Scalar
from mtrl.representation.subspace.alternating_minimisation.steps import SubspaceFit, finished, fit_basis, fit_heads


def ridge_start(data: Moments, *, rank: int, ridge: Scalar) -> Float[Array, "dim {rank}"]:
    """Start from the leading left singular vectors of the matrix with columns `sqrt(n_t) (G_t + ridge I)^{-1} c_t`.

    Args:
      data: moments of the tasks.
      rank: columns of the start.
      ridge: strictly positive, in units of G_t.
    """
    tasks, dim = data.cross.shape
    check_rank(rank, min(dim, tasks), what="the smaller of dimension and number of tasks")
    check_positive(ridge=ridge)
    eye = jnp.eye(dim, dtype=data.gram.dtype)
    ridges = jnp.linalg.solve(data.gram + ridge * eye, data.cross[..., None])[..., 0]
    return top_left_singular((jnp.sqrt(data.count)[:, None] * ridges).T, rank)


def step(data: Moments, basis: Float[Array, "dim rank"], cutoff: Scalar | None, dense_up_to: int = 3000) -> Array:
    """Heads, basis, QR."""
    heads, _ = fit_heads(data, basis, cutoff=cutoff)
    return orthonormalise(fit_basis(data, heads, basis, dense_up_to=dense_up_to))[0]


def alternating_minimisation(
    data: Moments,
    start: Float[Array, "dim rank"],
    *,
    iterations: int = 20,
    cutoff: Scalar | None = None,
    dense_up_to: int = 3000,
) -> SubspaceFit:
    """AltMin from the orthonormal basis `start` (method of moments, `ridge_start`, or random): heads, basis, QR,
    `iterations` times.

    Args:
      data: moments of the tasks.
      start: orthonormal B_0.
      iterations: rounds K (static).
      cutoff: relative eigenvalue cut-off of the head solves; None stands for rank * machine epsilon.
      dense_up_to: unknowns dim * rank up to which the basis step factorises its system; conjugate gradients beyond (static).

    Returns:
      `SubspaceFit`. Its `residual` says how far the result is from stationary; a non-finite basis says the data do not
      determine B.
    """
    check_whole(iterations=iterations)

    def round(basis, _):
        updated = step(data, basis, cutoff, dense_up_to)
        return updated, sin_theta(basis, updated)

    basis, movement = jax.lax.scan(round, start, length=iterations)
    return finished(data, basis, movement, cutoff)
