"""Iterative hard thresholding of the matrix of all weights: the start of Collins et al. 2021, Figure 3.

`M <- H_r(M - step * gradient)`, gradient row t `G_t M_t - c_t`, H_r the nearest matrix of rank r; from M = 0. The
start of the federated methods is the span of the right singular vectors of M (task, dim) after a few steps. Jain,
Meka, Dhillon 2010 (singular value projection).
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from mtrl.numerics.checks import check_positive, check_rank, check_whole
from mtrl.numerics.linalg.subspaces import top_left_singular
from mtrl.numerics.moments import Moments
from mtrl.numerics.types import Scalar


def iterative_hard_thresholding(
    data: Moments, *, rank: int, step: Scalar = 0.1, iterations: int = 10
) -> Float[Array, "dim {rank}"]:
    """Orthonormal basis (dim, rank) after `iterations` steps."""
    check_rank(rank, min(data.cross.shape), what="the smaller of dimension and number of tasks")
    check_positive(step=step)
    check_whole(iterations=iterations)

    def descend(weights, _):
        moved = weights - step * (jnp.einsum("tij,tj->ti", data.gram, weights) - data.cross)
        basis = top_left_singular(moved.T, rank)
        return (moved @ basis) @ basis.T, None

    weights, _ = jax.lax.scan(descend, jnp.zeros_like(data.cross), length=iterations)
    return top_left_singular(weights.T, rank)
