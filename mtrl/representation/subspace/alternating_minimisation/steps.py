"""The two steps of alternating minimisation (AltMin) of the rank-r least squares over all tasks, and how far they are from done.

`min_{B, A} sum_t ||X_t B a_t - y_t||^2` (Du et al. 2021, ICLR): a SUM over samples, so a task counts by its size. Heads are the least
squares ones, without a ridge (`mtrl.numerics.low_rank` has the ridge version, which needs no data to be regular).

Symbols: B basis (dim, rank); a_t heads row (rank); G_t = X_t^T X_t `data.gram`; c_t = X_t^T y_t `data.cross`.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from mtrl.numerics.linalg.conjugate_gradients import conjugate_gradients
from mtrl.numerics.linalg.psd import solve_psd
from mtrl.numerics.moments import Moments
from mtrl.numerics.types import Scalar


class SubspaceFit(NamedTuple):
    """Fitted representation."""

    basis: Float[Array, "dim rank"]  # orthonormal columns
    heads: Float[Array, "task rank"]  # exact heads for this basis; theta_t = basis @ heads[t]
    head_rank: Float[Array, " task"]  # numerical rank of B^T G_t B; below `rank`, that head is not identified
    movement: Float[Array, " round"]  # sin theta between the bases before and after each iteration
    residual: Float[
        Array, ""
    ]  # `stationarity`: relative Riemannian gradient in B, zero at a stationary point; NaN when anything is


def reduced_gram(gram: Float[Array, "task dim dim"], basis: Float[Array, "dim rank"]) -> Float[Array, "task rank rank"]:
    """`B^T G_t B`, in the order of products that makes the first one large matrix product over all tasks."""
    tasks, dim, _ = gram.shape
    half = (gram.reshape(tasks * dim, dim) @ basis).reshape(tasks, dim, -1)  # G_t B
    return jnp.einsum("tdr,ds->tsr", half, basis)


def fit_heads(
    data: Moments, basis: Float[Array, "dim rank"], *, cutoff: Scalar | None = None
) -> tuple[Float[Array, "task rank"], Float[Array, " task"]]:
    """Step (i): `a_t = argmin_a ||X_t B a - y_t||^2`, the minimum-norm one where B^T G_t B is singular (n_t < rank).

    Args:
      data: moments of the tasks.
      basis: B, orthonormal.
      cutoff: relative eigenvalue cut-off of the pseudo-inverse; None stands for rank * machine epsilon.

    Returns:
      Heads, and the numerical rank of each head system.
    """
    return solve_psd(reduced_gram(data.gram, basis), data.cross @ basis, cutoff)


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
    data: Moments,
    heads: Float[Array, "task rank"],
    start: Float[Array, "dim rank"],
    *,
    dense_up_to: int = 3000,
    cg_iterations: int = 200,
) -> Float[Array, "dim rank"]:
    """Step (ii): B (not orthonormal) from `[sum_t (a_t a_t^T) kron G_t] vec(B) = vec(sum_t c_t a_t^T)`.

    A Cholesky solve up to `dense_up_to` unknowns dim * rank (not finite when the data do not determine B), at most `cg_iterations`
    conjugate gradients from `start` beyond.
    """
    right = data.cross.T @ heads
    if right.size > dense_up_to:

        def normal_operator(basis):
            return jnp.einsum("tie,et,tr->ir", data.gram, basis @ heads.T, heads, optimize="optimal")

        return conjugate_gradients(normal_operator, right, start, iterations=cg_iterations).point
    return solve_basis(weighted_grams(data.gram, heads), right)


def relative_slope(
    slope: Float[Array, "dim rank"], pull: Float[Array, "dim rank"], basis: Float[Array, "dim rank"]
) -> Float[Array, ""]:
    """`||(I - B B^T) slope||_F / ||pull||_F`."""
    scale = jnp.linalg.norm(pull)
    return jnp.linalg.norm(slope - basis @ (basis.T @ slope)) / jnp.where(scale == 0, 1, scale)


def stationarity(data: Moments, basis: Float[Array, "dim rank"], heads: Float[Array, "task rank"]) -> Float[Array, ""]:
    """`||(I - B B^T) sum_t (G_t B a_t - c_t) a_t^T||_F / ||sum_t c_t a_t^T||_F`: zero at a stationary point with exact heads."""
    pull = data.cross.T @ heads
    slope = jnp.einsum("tie,te,tr->ir", data.gram, heads @ basis.T, heads, optimize="optimal") - pull
    return relative_slope(slope, pull, basis)


def finished(
    data: Moments, basis: Float[Array, "dim rank"], movement: Float[Array, " round"], cutoff: Scalar | None = None
) -> SubspaceFit:
    """The fit that a basis stands for: with its exact heads and their certificate."""
    heads, head_rank = fit_heads(data, basis, cutoff=cutoff)
    return SubspaceFit(basis, heads, head_rank, movement, stationarity(data, basis, heads))
