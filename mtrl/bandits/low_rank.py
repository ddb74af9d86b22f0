"""Least squares with a shared subspace, from sufficient statistics.

`min over B, w of sum_i ||y_i - X_i B w_i||^2` with `B` (d, k) orthonormal, by alternating ridge solves: the
statistics `G_i = X_i^T X_i` and `b_i = X_i^T y_i` are all it needs.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from mtrl.numerics.linalg import elimination
from mtrl.numerics.types import Scalar


class LowRankFit(NamedTuple):
    """A shared subspace and heads in it."""

    basis: Float[Array, "dim rank"]  # B, orthonormal columns
    heads: Float[Array, "task rank"]  # w_i


def solve_heads(
    gram: Float[Array, "task dim dim"],
    moment: Float[Array, "task dim"],
    basis: Float[Array, "dim rank"],
    ridge: Scalar,
) -> Float[Array, "task rank"]:
    """Best heads in a fixed subspace: `(B^T G_i B + lam I)^-1 B^T b_i`."""
    inner = jnp.einsum("dk,mde,el->mkl", basis, gram, basis) + ridge * jnp.eye(basis.shape[1], dtype=basis.dtype)
    return elimination.solve(inner, (moment @ basis)[..., None])[..., 0]


def solve_basis(
    gram: Float[Array, "task dim dim"],
    moment: Float[Array, "task dim"],
    heads: Float[Array, "task rank"],
    ridge: Scalar,
) -> Float[Array, "dim rank"]:
    """Best (not orthonormal) basis for fixed heads: one ridge system of size d k."""
    tasks, dim = moment.shape
    rank = heads.shape[1]
    system = jnp.einsum("mk,ml,mde->kdle", heads, heads, gram).reshape(rank * dim, rank * dim)
    system = system + ridge * jnp.eye(rank * dim, dtype=system.dtype)
    target = jnp.einsum("mk,md->kd", heads, moment).reshape(rank * dim)
    return jnp.linalg.solve(system, target).reshape(rank, dim).T


def spectral_basis(
    gram: Float[Array, "task dim dim"], moment: Float[Array, "task dim"], rank: int, ridge: Scalar
) -> Float[Array, "dim rank"]:
    """Top-k left singular vectors of the matrix of per-task ridge estimates: where the alternation starts."""
    eye = jnp.eye(moment.shape[1], dtype=moment.dtype)
    estimates = jnp.linalg.solve(gram + ridge * eye, moment[..., None])[..., 0]
    _, vectors = jnp.linalg.eigh(estimates.T @ estimates)
    return vectors[:, ::-1][:, :rank]


def sweep(
    gram: Float[Array, "task dim dim"],
    moment: Float[Array, "task dim"],
    basis: Float[Array, "dim rank"],
    ridge: Scalar,
) -> LowRankFit:
    """One alternation from a basis: heads, basis, QR, heads."""
    heads = solve_heads(gram, moment, basis, ridge)
    basis, _ = jnp.linalg.qr(solve_basis(gram, moment, heads, ridge))
    return LowRankFit(basis, solve_heads(gram, moment, basis, ridge))


def fit(
    gram: Float[Array, "task dim dim"],
    moment: Float[Array, "task dim"],
    rank: int,
    ridge: Scalar,
    sweeps: int = 15,
) -> LowRankFit:
    """Alternate from the spectral start for a fixed number of sweeps.

    Args:
      gram, moment: sufficient statistics per task.
      rank: k.
      ridge: lam > 0, keeps every solve regular before there is data.
      sweeps: alternations; the loss never rises except for the ridge's share.
    """
    start = spectral_basis(gram, moment, rank, ridge)
    basis, _ = jax.lax.scan(lambda b, _: (sweep(gram, moment, b, ridge).basis, None), start, None, length=sweeps)
    return LowRankFit(basis, solve_heads(gram, moment, basis, ridge))
