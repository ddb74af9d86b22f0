"""What every solver of the multitask ridge returns, and the regularised presentation of it."""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from mtrl.numerics.types import Scalar
from mtrl.random_matrix.data import TaskData


class Fit(NamedTuple):
    """The multitask ridge estimator (Ilbert et al. 2024, closed form)."""

    W: Float[Array, "task dim output"]  # What; prediction for a row x of task t: x . W_t/sqrt(Td)
    residual: Float[
        Array, "task sample output"
    ]  # a = Q Y = Y - Yhat, the multiplier of the slack constraint; 0 in padding
    q_diag: Float[Array, "task sample"]  # Q_ii of the resolvent; 1 in padding


class Parts(NamedTuple):
    """`W_t = W_0 + V_t`."""

    W0: Float[Array, "dim output"]
    V: Float[Array, "task dim output"]


def gradients(data: TaskData, residual: Float[Array, "task sample output"]) -> Float[Array, "task dim output"]:
    """`g_t = X_t a_t/sqrt(Td)`: what task t's residuals ask for; `W_t = sum_s B_ts g_s`."""
    return jnp.einsum("tni,tnq->tiq", data.features, residual) / jnp.sqrt(jnp.asarray(data.scale, residual.dtype))


def predict(
    W: Float[Array, "task dim output"], features: Float[Array, "task sample dim"]
) -> Float[Array, "task sample output"]:
    """`Yhat_t = X_t^T W_t/sqrt(Td)`."""
    scale = jnp.sqrt(jnp.asarray(W.shape[0] * W.shape[1], W.dtype))
    return jnp.einsum("tni,tiq->tnq", features, W) / scale


def parts(
    data: TaskData, residual: Float[Array, "task sample output"], *, gamma: Float[Array, " task"], lam: Scalar
) -> Parts:
    """The regularised presentation from the multiplier: `V_t = gamma_t g_t`, `W_0 = lam sum_s g_s`."""
    g = gradients(data, residual)
    return Parts(lam * jnp.sum(g, axis=0), gamma[:, None, None] * g)


def objective(
    data: TaskData,
    W0: Float[Array, "dim output"],
    V: Float[Array, "task dim output"],
    *,
    gamma: Float[Array, " task"],
    lam: Scalar,
) -> Float[Array, ""]:
    """`|W_0|^2/(2 lam) + sum_t |V_t|^2/(2 gamma_t) + (1/2) sum_t |Y_t - X_t^T (W_0+V_t)/sqrt(Td)|^2`, which the estimator minimises."""
    error = data.targets - predict(W0 + V, data.features)
    return jnp.sum(W0**2) / (2 * lam) + jnp.sum(V**2 / (2 * gamma[:, None, None])) + jnp.sum(error**2) / 2
