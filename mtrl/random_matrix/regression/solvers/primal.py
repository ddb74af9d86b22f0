"""The multitask ridge in its task-covariance presentation: ridge on vec(W) with prior covariance A = B kron I, one Td x Td solve."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from mtrl.random_matrix.data import TaskData
from mtrl.random_matrix.regression.solvers.estimate import RidgeFit, finish, fitted_values


def fit_primal(data: TaskData, *, B: Float[Array, "task task"]) -> RidgeFit:
    """`(A^-1 + Z Z^T/(Td)) vec(W) = Z Y/sqrt(Td)` multiplied by A, so that B may be singular.

    Any PSD coupling when Td < n; for diag + rank one use `fit_shared_centre`, T^2 times cheaper.

    Args:
      data: TaskData.
      B: (T, T) any PSD coupling.
    """
    X, scale = data.features, data.scale
    T, N, d = X.shape
    H = jnp.einsum("tni,tnj->tij", X, X) / scale
    b = jnp.einsum("tni,tnq->tiq", X, data.targets) / jnp.sqrt(jnp.asarray(scale, X.dtype))
    system = jnp.eye(T * d, dtype=X.dtype) + jnp.einsum("st,tij->sitj", B, H).reshape(T * d, T * d)
    A = jnp.kron(B, jnp.eye(d, dtype=X.dtype))
    posterior = jnp.linalg.solve(system, A)  # (A^-1 + Z Z^T/(Td))^-1
    W = (posterior @ b.reshape(T * d, -1)).reshape(T, d, -1)
    own = jnp.einsum("titj->tij", posterior.reshape(T, d, T, d))
    q_diag = 1 - jnp.einsum("tni,tij,tnj->tn", X, own, X) / scale
    return finish(data, W, data.targets - fitted_values(W, X), q_diag)
