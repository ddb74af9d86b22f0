"""Alternating minimisation (AltMin) of the rank-r least squares over all tasks.

Thekumparampil, Jain, Netrapalli, Oh 2021 (Statistically and Computationally Efficient Linear Meta-representation
Learning, NeurIPS); the objective is that of Du et al. 2021 (ICLR), `min_{B, A} sum_t ||X_t B a_t - y_t||^2`: a SUM
over samples, so a task counts by its size.

Symbols: B basis (dim, rank); a_t heads row (rank); G_t = X_t^T X_t gram; c_t = X_t^T y_t cross. Everything is a
function of (G, c).

The theory of the paper takes a fresh slice of the data in every iteration (`alternating_minimisation_fresh`); as in
its experiments, this practical variant reuses all data.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from mtrl.numerics.linalg.conjugate_gradients import conjugate_gradients
from mtrl.numerics.linalg.psd import solve_psd
from mtrl.numerics.linalg.subspaces import orthonormalise, sin_theta, top_left_singular
from mtrl.numerics.types import Scalar

# Unknowns dim * rank up to which the basis step factorises its system; conjugate gradients beyond.
LARGEST_DENSE_SYSTEM = 3000


class Fit(NamedTuple):
    """Fitted representation."""

    basis: Float[Array, "dim rank"]  # orthonormal columns
    heads: Float[Array, "task rank"]  # exact heads for this basis; theta_t = basis @ heads[t]
    head_rank: Float[Array, " task"]  # numerical rank of B^T G_t B; below `rank`, that head is not identified
    movement: Float[Array, " round"]  # sin theta between the bases before and after each iteration
    residual: Float[Array, ""]  # `stationarity`: relative Riemannian gradient in B, zero at a stationary point


def reduced_gram(gram: Float[Array, "task dim dim"], basis: Float[Array, "dim rank"]) -> Float[Array, "task rank rank"]:
    """`B^T G_t B`, in the order of products that makes the first one large matrix product over all tasks."""
    tasks, dim, _ = gram.shape
    half = (gram.reshape(tasks * dim, dim) @ basis).reshape(tasks, dim, -1)  # G_t B
    return jnp.einsum("tdr,ds->tsr", half, basis)


def fit_heads(
    gram: Float[Array, "task dim dim"],
    cross: Float[Array, "task dim"],
    basis: Float[Array, "dim rank"],
    *,
    cutoff: Scalar | None = None,
) -> tuple[Float[Array, "task rank"], Float[Array, " task"]]:
    """Step (i): `a_t = argmin_a ||X_t B a - y_t||^2`, the minimum-norm one where B^T G_t B is singular (n_t < rank).

    Args:
      gram: G_t.
      cross: c_t.
      basis: B, orthonormal.
      cutoff: relative eigenvalue cut-off of the pseudo-inverse; None stands for rank * machine epsilon.

    Returns:
      Heads, and the numerical rank of each head system.
    """
    return solve_psd(reduced_gram(gram, basis), cross @ basis, cutoff)


def weighted_grams(
    gram: Float[Array, "task dim dim"], heads: Float[Array, "task rank"]
) -> Float[Array, "pair dim dim"]:
    """`sum_t a_tr a_ts G_t` for the pairs r <= s, row by row: all that differ of the blocks of the basis system."""
    tasks, dim, _ = gram.shape
    row, column = np.triu_indices(heads.shape[1])
    return ((heads[:, row] * heads[:, column]).T @ gram.reshape(tasks, dim * dim)).reshape(-1, dim, dim)


def solve_basis(blocks: Float[Array, "pair dim dim"], right: Float[Array, "dim rank"]) -> Float[Array, "dim rank"]:
    """B from `[sum_t (a_t a_t^T) kron G_t] vec(B) = vec(right)`, given the blocks of `weighted_grams`, by Cholesky."""
    dim, rank = right.shape
    row, column = np.triu_indices(rank)
    place = np.zeros((rank, rank), int)
    place[row, column] = place[column, row] = np.arange(row.size)
    system = blocks[place].transpose(0, 2, 1, 3).reshape(rank * dim, rank * dim)  # unknowns: columns of B stacked
    return jax.scipy.linalg.solve(system, right.T.reshape(-1), assume_a="pos").reshape(rank, dim).T


def fit_basis(
    gram: Float[Array, "task dim dim"],
    cross: Float[Array, "task dim"],
    heads: Float[Array, "task rank"],
    start: Float[Array, "dim rank"],
    *,
    cg_iterations: int = 200,
) -> Float[Array, "dim rank"]:
    """Step (ii): B (not orthonormal) from `[sum_t (a_t a_t^T) kron G_t] vec(B) = vec(sum_t c_t a_t^T)`.

    A Cholesky solve up to `LARGEST_DENSE_SYSTEM` unknowns (not finite when the data do not determine B), conjugate
    gradients from `start` beyond.
    """
    _, dim = cross.shape
    rank = heads.shape[1]
    right = cross.T @ heads
    if dim * rank > LARGEST_DENSE_SYSTEM:

        def normal_operator(basis):
            return jnp.einsum("tie,et,tr->ir", gram, basis @ heads.T, heads, optimize="optimal")

        return conjugate_gradients(normal_operator, right, start, iterations=cg_iterations)
    return solve_basis(weighted_grams(gram, heads), right)


def stationarity(
    gram: Float[Array, "task dim dim"],
    cross: Float[Array, "task dim"],
    basis: Float[Array, "dim rank"],
    heads: Float[Array, "task rank"],
) -> Float[Array, ""]:
    """`||(I - B B^T) sum_t (G_t B a_t - c_t) a_t^T||_F / ||sum_t c_t a_t^T||_F`: zero at a stationary point with exact
    heads.
    """
    pull = cross.T @ heads
    gradient = jnp.einsum("tie,te,tr->ir", gram, heads @ basis.T, heads, optimize="optimal") - pull
    scale = jnp.linalg.norm(pull)
    return jnp.linalg.norm(gradient - basis @ (basis.T @ gradient)) / jnp.where(scale > 0, scale, 1)


def ridge_start(
    gram: Float[Array, "task dim dim"],
    cross: Float[Array, "task dim"],
    counts: Float[Array, " task"],
    rank: int,
    *,
    ridge: Scalar,
) -> Float[Array, "dim {rank}"]:
    """Start from the leading left singular vectors of the matrix with columns `sqrt(n_t) (G_t + ridge I)^{-1} c_t`.

    Args:
      gram: G_t.
      cross: c_t.
      counts: n_t, samples per task.
      rank: columns of the start.
      ridge: strictly positive, in units of G_t.
    """
    eye = jnp.eye(cross.shape[1], dtype=gram.dtype)
    ridges = jnp.linalg.solve(gram + ridge * eye, cross[..., None])[..., 0]
    return top_left_singular((jnp.sqrt(counts)[:, None] * ridges).T, rank)


def alternating_minimisation(
    gram: Float[Array, "task dim dim"],
    cross: Float[Array, "task dim"],
    start: Float[Array, "dim rank"],
    *,
    iterations: int = 20,
    cutoff: Scalar | None = None,
) -> Fit:
    """AltMin from the orthonormal basis `start` (method of moments, `ridge_start`, or random): heads, basis, QR,
    `iterations` times.

    Args:
      gram: G_t = X_t^T X_t.
      cross: c_t = X_t^T y_t.
      start: orthonormal B_0.
      iterations: rounds K (static).
      cutoff: relative eigenvalue cut-off of the head solves; None stands for rank * machine epsilon.

    Returns:
      `Fit`. Its `residual` says how far the result is from stationary; a non-finite basis says the data do not
      determine B.
    """

    def step(basis, _):
        heads, _ = fit_heads(gram, cross, basis, cutoff=cutoff)
        updated, _ = orthonormalise(fit_basis(gram, cross, heads, basis))
        return updated, sin_theta(basis, updated)

    basis, movement = jax.lax.scan(step, start, length=iterations)
    heads, head_rank = fit_heads(gram, cross, basis, cutoff=cutoff)
    return Fit(basis, heads, head_rank, movement, stationarity(gram, cross, basis, heads))
