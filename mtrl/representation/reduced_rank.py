"""Reduced-rank regression: rank-r least squares in closed form when all tasks share one design.

Izenman 1975; the estimator of Du et al. 2021 in the case X_t = X. With OLS coefficients C (dim, task) and V_r the
leading right singular vectors of X C, the solution is `W = C V_r V_r^T`.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from mtrl.numerics.linalg.subspaces import orthonormalise, top_left_singular
from mtrl.representation.alternating_minimisation import Fit, fit_heads, stationarity


def reduced_rank_regression(x: Float[Array, "sample dim"], y: Float[Array, "task sample"], *, rank: int) -> Fit:
    """Closed form; no iterations, so `movement` is empty.

    Args:
      x: the design of every task.
      y: responses, row per task.
      rank: r.
    """
    coefficients = jnp.linalg.lstsq(x, y.T)[0]
    right = top_left_singular((x @ coefficients).T, rank)  # leading right singular vectors of X C, (task, rank)
    basis, _ = orthonormalise(coefficients @ right)
    tasks = y.shape[0]
    gram = jnp.broadcast_to(x.T @ x, (tasks, x.shape[1], x.shape[1]))
    cross = y @ x
    heads, head_rank = fit_heads(gram, cross, basis)
    return Fit(basis, heads, head_rank, jnp.zeros((0,), x.dtype), stationarity(gram, cross, basis, heads))
