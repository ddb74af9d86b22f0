"""All values of lam at one gamma from one eigendecomposition: after d^3 once, each lam costs the size of the data."""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from mtrl.numerics.types import Scalar
from mtrl.random_matrix.data import TaskData
from mtrl.random_matrix.regression.solvers.estimate import RidgeFit, finish
from mtrl.random_matrix.regression.solvers.shared_centre import eliminate


class LamPath(NamedTuple):
    """Everything about the data and gamma that `fit_at` needs."""

    values: Float[Array, " rank"]  # eigenvalues of sum_t H_t E_t
    pull: Float[Array, "rank output"]  # U^T sum_t E_t b_t
    rows: Float[Array, "task sample rank"]  # x_i^T E_t U
    alone: RidgeFit  # the fit at lam = 0
    basis: Float[Array, "task dim rank"]  # E_t U


def prepare_path(data: TaskData, *, gamma: Float[Array, " task"]) -> LamPath:
    """Whiten by the task-specific part and diagonalise the shared one, `sum_t H_t E_t = U s U^T`."""
    X, scale = data.features, data.scale
    root = jnp.sqrt(jnp.asarray(scale, X.dtype))
    gamma = gamma.astype(X.dtype)
    G, information, pull = eliminate(data, gamma)
    values, U = jnp.linalg.eigh(information)
    V = gamma[:, None, None] * jnp.einsum("tin,tnq->tiq", G, data.targets) / root
    residual = data.targets - jnp.einsum("tni,tiq->tnq", X, V) / root
    q_diag = 1 - gamma[:, None] * jnp.einsum("tni,tin->tn", X, G) / scale
    rows = jnp.einsum("tin,ij->tnj", G, U)
    # E_t = I - gamma_t E_t H_t and E_t H_t = G_t X_t^T/(Td)
    basis = U - gamma[:, None, None] * jnp.einsum("tin,tnj->tij", G, jnp.einsum("tni,ij->tnj", X, U)) / scale
    return LamPath(jnp.maximum(values, 0), U.T @ pull, rows, finish(data, V, residual, q_diag), basis)


def fit_at(path: LamPath, lam: Scalar) -> RidgeFit:
    """The estimator at one lam: `W_t = W_t(0) + E_t U phi U^T pull`, `phi_j = lam/(1 + lam s_j)`.

    Map it over a grid of lam; `jax.lax.map` with `batch_size` bounds the memory at (batch, task, sample, output).
    """
    T, d = path.basis.shape[:2]
    scale = T * d
    lam = jnp.asarray(lam, path.values.dtype)
    phi = lam / (1 + lam * path.values)
    shift = phi[:, None] * path.pull
    root = jnp.sqrt(jnp.asarray(scale, shift.dtype))
    return path.alone._replace(
        W=path.alone.W + path.basis @ shift,
        residual=path.alone.residual - path.rows @ shift / root,
        q_diag=path.alone.q_diag - path.rows**2 @ phi / scale,
    )
