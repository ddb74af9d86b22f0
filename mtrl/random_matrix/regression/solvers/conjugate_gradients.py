"""The multitask ridge by conjugate gradients on the dual: any PSD coupling, memory of the data only."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from mtrl.random_matrix.data import Means, TaskData
from mtrl.random_matrix.regression.solvers.estimate import fitted_values, gradients


class IterativeFit(NamedTuple):
    """Estimator and the quality of its linear solve."""

    W: Float[Array, "task dim output"]
    residual: Float[Array, "task sample output"]  # a = Q Y up to `error`
    error: Float[Array, ""]  # |(Z^T A Z/(Td) + I) a - Y|/|Y|
    means: Means | None = None  # of the training data, if they were centred


def fit_conjugate_gradients(
    data: TaskData, *, B: Float[Array, "task task"], iterations: int = 200, tolerance: float = 1e-12
) -> IterativeFit:
    """Solve `(Z^T A Z/(Td) + I) a = Y` by conjugate gradients (`jax.scipy.sparse.linalg.cg`); a product costs T N d + T^2 d.

    All eigenvalues are at least 1, so no preconditioner is needed for moderate B; check `error`.

    Args:
      data: TaskData.
      B: (T, T) any PSD coupling.
      iterations: cap on the iterations.
      tolerance: relative residual at which to stop.
    """

    def product(a):
        W = jnp.einsum("ts,siq->tiq", B, gradients(data, a))
        return a + fitted_values(W, data.features)

    a, _ = jax.scipy.sparse.linalg.cg(product, data.targets, tol=tolerance, maxiter=iterations)
    size = jnp.linalg.norm(data.targets) + jnp.finfo(a.dtype).tiny
    error = jnp.linalg.norm(product(a) - data.targets) / size
    return IterativeFit(jnp.einsum("ts,siq->tiq", B, gradients(data, a)), a, error, data.means)
