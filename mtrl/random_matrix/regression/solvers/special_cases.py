"""The limits of the multitask ridge, each written without it: the baselines of the figures."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from mtrl.numerics.types import Scalar
from mtrl.random_matrix.data import TaskData
from mtrl.random_matrix.regression.solvers.shared_centre import eliminate


def _ridge(X, y, penalty):
    """argmin |y - X w|^2 + penalty |w|^2 on the smaller side."""
    N, d = X.shape
    if d <= N:
        return jnp.linalg.solve(X.T @ X + penalty * jnp.eye(d, dtype=X.dtype), X.T @ y)
    return X.T @ jnp.linalg.solve(X @ X.T + penalty * jnp.eye(N, dtype=X.dtype), y)


def independent_ridge(data: TaskData, *, gamma: Float[Array, " task"]) -> Float[Array, "task dim output"]:
    """lam = 0: T ridges, task t with penalty `T d/gamma_t` in scikit-learn's convention (`Ridge(alpha, fit_intercept=False)`)."""
    root = jnp.sqrt(jnp.asarray(data.scale, data.features.dtype))
    return root * jax.vmap(_ridge)(data.features, data.targets, data.scale / gamma)


def pooled_ridge(data: TaskData, *, lam: Scalar) -> Float[Array, "task dim output"]:
    """gamma -> 0: one ridge on all samples with penalty `T d/lam`; the same hyperplane for every task."""
    T, N, d = data.features.shape
    root = jnp.sqrt(jnp.asarray(data.scale, data.features.dtype))
    w = root * _ridge(data.features.reshape(T * N, d), data.targets.reshape(T * N, -1), data.scale / lam)
    return jnp.broadcast_to(w, (T, *w.shape))


def mean_regularised(data: TaskData, *, gamma: Float[Array, " task"]) -> Float[Array, "task dim output"]:
    """lam -> inf: a free centre W_0 (Evgeniou & Pontil 2004), so that `sum_t V_t/gamma_t = 0`. Needs at least d samples in all."""
    root = jnp.sqrt(jnp.asarray(data.scale, data.features.dtype))
    G, information, pull = eliminate(data, gamma)
    W0 = jnp.linalg.solve(information, pull)
    left = data.targets - data.features @ W0 / root
    return W0 + gamma[:, None, None] * jnp.einsum("tin,tnq->tiq", G, left) / root


def least_squares(data: TaskData, *, cutoff: Scalar | None = None) -> Float[Array, "task dim output"]:
    """gamma -> inf, lam = 0: least squares where n_t > d, minimum-norm interpolation where n_t < d.

    Args:
      data: TaskData.
      cutoff: singular values below this fraction of the largest count as 0; JAX's default (rounding unit times the larger side) if None.
    """
    root = jnp.sqrt(jnp.asarray(data.scale, data.features.dtype))
    return root * jax.vmap(lambda X, y: jnp.linalg.pinv(X, rtol=cutoff) @ y)(data.features, data.targets)
