"""Reduced-rank regression: rank-r least squares in closed form when all tasks share one design.

Izenman 1975; the estimator of Du et al. 2021 in the case X_t = X. With OLS coefficients C (dim, task) and V_r the
leading right singular vectors of X C, the solution is `W = C V_r V_r^T`.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from mtrl.numerics.checks import check_rank
from mtrl.numerics.linalg.subspaces import orthonormalise, top_left_singular
from mtrl.numerics.moments import moments
from mtrl.representation.subspace.alternating_minimisation.steps import SubspaceFit, finished


def reduced_rank_regression(x: Float[Array, "sample dim"], y: Float[Array, "task sample"], *, rank: int) -> SubspaceFit:
    """Closed form; no iterations, so `movement` is empty.

    Args:
      x: the design of every task.
      y: responses, row per task.
      rank: r.
    """
    tasks, dim = y.shape[0], x.shape[1]
    check_rank(rank, min(tasks, dim), what="the smaller of dimension and number of tasks")
    coefficients = jnp.linalg.lstsq(x, y.T)[0]
    right = top_left_singular((x @ coefficients).T, rank)  # leading right singular vectors of X C, (task, rank)
    basis, _ = orthonormalise(coefficients @ right)
    data = moments(jnp.broadcast_to(x, (tasks, *x.shape)), y)
    return finished(data, basis, jnp.zeros((0,), x.dtype))
