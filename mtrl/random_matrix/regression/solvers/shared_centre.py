"""The multitask ridge for `B = diag(gamma) + lam 1 1^T`, by eliminating the task-specific parts: cost T d^3, never (Td)^3 or n^3."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from mtrl.numerics.types import Scalar
from mtrl.random_matrix.data import TaskData
from mtrl.random_matrix.regression.solvers.estimate import RidgeFit, finish


class Elimination(NamedTuple):
    """What remains for the shared part once every V_t is minimised out at given gamma."""

    G: Float[Array, "task dim sample"]  # G_t = (I + gamma_t H_t)^-1 X_t
    information: Float[Array, "dim dim"]  # sum_t H_t (I + gamma_t H_t)^-1
    pull: Float[Array, "dim output"]  # sum_t G_t Y_t/sqrt(Td)


def _posdef_solve(M, rhs):
    return jax.scipy.linalg.cho_solve((jnp.linalg.cholesky(M), True), rhs)


def eliminate(data: TaskData, gamma: Float[Array, " task"]) -> Elimination:
    """Minimise over V_t: `G_t = (I + gamma_t H_t)^-1 X_t`, `H_t = X_t X_t^T/(Td)`, on the smaller of its two sides.

    `G_t = X_t (I + gamma_t X_t^T X_t/(Td))^-1` (push-through), so tasks with fewer samples than dimensions cost n_t^3.
    """
    X, scale = data.features, data.scale
    T, N, d = X.shape
    if d <= N:
        H = jnp.einsum("tni,tnj->tij", X, X) / scale
        G = jax.vmap(_posdef_solve)(jnp.eye(d, dtype=X.dtype) + gamma[:, None, None] * H, X.mT)
    else:
        K = jnp.einsum("tni,tmi->tnm", X, X) / scale
        G = jax.vmap(_posdef_solve)(jnp.eye(N, dtype=X.dtype) + gamma[:, None, None] * K, X).mT
    information = jnp.einsum("tin,tnj->ij", G, X) / scale
    pull = jnp.einsum("tin,tnq->iq", G, data.targets) / jnp.sqrt(jnp.asarray(scale, X.dtype))
    return Elimination(G, (information + information.T) / 2, pull)


def fit_shared_centre(data: TaskData, *, gamma: Float[Array, " task"], lam: Scalar) -> RidgeFit:
    """The estimator by Schur complement: `W_0 = lam (I + lam sum_t H_t E_t)^-1 sum_t E_t b_t`, then V_t given W_0.

    E_t = (I + gamma_t H_t)^-1, b_t = X_t Y_t/sqrt(Td); equal to `a = Q Y`, `W_t = sum_s B_ts g_s` of the paper (tested). Any
    gamma_t >= 0 and lam >= 0. When d exceeds the total number of samples use `fit_dual`, n^3 instead of d^3; also for very large
    lam with fewer samples than dimensions, where `I + lam sum H E` is badly conditioned.

    Args:
      data: TaskData.
      gamma: (T,) task-specific strengths.
      lam: shared strength.
    """
    X, scale = data.features, data.scale
    d = X.shape[2]
    root = jnp.sqrt(jnp.asarray(scale, X.dtype))
    gamma, lam = gamma.astype(X.dtype), jnp.asarray(lam, X.dtype)
    G, information, pull = eliminate(data, gamma)
    system = jnp.eye(d, dtype=X.dtype) + lam * information
    W0 = lam * _posdef_solve(system, pull)
    left = data.targets - X @ W0 / root
    V = gamma[:, None, None] * jnp.einsum("tin,tnq->tiq", G, left) / root
    residual = left - jnp.einsum("tni,tiq->tnq", X, V) / root
    # Q_ii = 1 - x_i^T C_t x_i/(Td), C_t = gamma_t E_t + E_t S E_t, S = lam (I + lam sum H E)^-1
    SG = lam * jax.vmap(lambda g: _posdef_solve(system, g))(G)
    own = gamma[:, None] * jnp.einsum("tni,tin->tn", X, G)
    q_diag = 1 - (own + jnp.einsum("tin,tin->tn", G, SG)) / scale
    return finish(data, W0 + V, residual, q_diag)
