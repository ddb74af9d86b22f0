"""The multitask ridge through the n x n resolvent (constrained, least-squares-SVM presentation): any PSD coupling."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from mtrl.random_matrix.data import TaskData
from mtrl.random_matrix.regression.solvers.estimate import RidgeFit, finish, gradients


def fit_dual(data: TaskData, *, B: Float[Array, "task task"]) -> RidgeFit:
    """`a = Q Y`, `Q = (Z^T A Z/(Td) + I)^-1`, `W_t = sum_s B_ts g_s`; one Cholesky of size n = T * (padded samples).

    The choice when n < d, for couplings that are not diag + rank one, and for very large lam. Padding costs rows: its rows and columns
    of the matrix are those of the identity.

    Args:
      data: TaskData.
      B: (T, T) any PSD coupling, singular allowed.
    """
    X, scale = data.features, data.scale
    T, N, d = X.shape
    flat = X.reshape(T * N, d)
    inner = (flat @ flat.T).reshape(T, N, T, N)
    kernel = (B[:, None, :, None] * inner / scale).reshape(T * N, T * N)
    factor = jnp.linalg.cholesky(kernel + jnp.eye(T * N, dtype=X.dtype))
    residual = jax.scipy.linalg.cho_solve((factor, True), data.targets.reshape(T * N, -1)).reshape(data.targets.shape)
    half = jax.scipy.linalg.solve_triangular(factor, jnp.eye(T * N, dtype=X.dtype), lower=True)
    q_diag = jnp.sum(half**2, axis=0).reshape(T, N)
    return finish(data, jnp.einsum("ts,siq->tiq", B, gradients(data, residual)), residual, q_diag)
