"""What every solver of the multitask ridge returns, how it predicts, and its regularised presentation."""

from typing import Any, NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from mtrl.numerics.checks import check_shape, check_whole
from mtrl.numerics.types import Scalar
from mtrl.random_matrix.data import Means, TaskData


class RidgeFit(NamedTuple):
    """The multitask ridge estimator (Ilbert et al. 2024, closed form)."""

    W: Float[Array, "task dim output"]  # What; prediction for a row x of task t: x . W_t/sqrt(Td)
    residual: Float[
        Array, "task sample output"
    ]  # a = Q Y = Y - Yhat, the multiplier of the slack constraint; 0 in padding
    q_diag: Float[Array, "task sample"]  # Q_ii of the resolvent, less 1/n_t where the data were centred; 1 in padding
    counts: Int[Array, " task"]
    means: Means | None = None  # of the training data, if they were centred


class CentreAndDeviations(NamedTuple):
    """`W_t = W_0 + V_t`."""

    W0: Float[Array, "dim output"]
    V: Float[Array, "task dim output"]


def finish(
    data: TaskData, W: Float[Array, "task dim output"], residual: Float[Array, "task sample output"], q_diag: Array
) -> RidgeFit:
    """The fit, with the degree of freedom that each centring took: refitted means make the leverage of a sample 1/n_t larger."""
    if data.means is not None:
        q_diag = jnp.where(data.mask, q_diag - 1 / data.counts.astype(q_diag.dtype)[:, None], q_diag)
    return RidgeFit(W, residual, q_diag, data.counts, data.means)


def gradients(data: TaskData, residual: Float[Array, "task sample output"]) -> Float[Array, "task dim output"]:
    """`g_t = X_t a_t/sqrt(Td)`: what task t's residuals ask for; `W_t = sum_s B_ts g_s`."""
    return jnp.einsum("tni,tnq->tiq", data.features, residual) / jnp.sqrt(jnp.asarray(data.scale, residual.dtype))


def fitted_values(
    W: Float[Array, "task dim output"], features: Float[Array, "task sample dim"]
) -> Float[Array, "task sample output"]:
    """`Yhat_t = X_t^T W_t/sqrt(Td)`."""
    scale = jnp.sqrt(jnp.asarray(W.shape[0] * W.shape[1], W.dtype))
    return jnp.einsum("tni,tiq->tnq", features, W) / scale


def predict(fit: Any, features: Any, *, task: Scalar | None = None) -> Any:
    """Predictions for new rows; training means, if there were any, are taken from the features and added to the targets.

    Args:
      fit: RidgeFit or any other fit with `W` and `means`.
      features: (T, n, d), or T arrays or lists (n_t, d) of different lengths; with `task`, the rows (n, d) of that task.
      task: index of the one task wanted.

    Returns:
      (T, n, q), or a list of T arrays (n_t, q) for a list; with `task`, (n, q).

    Raises:
      BadInput: features of another dimension, or no such task.
    """
    T, d, _ = fit.W.shape
    if task is None:
        if hasattr(features, "shape"):
            check_shape("features", features, (T, None, d), hint="or give one array per task, or task=")
            return jnp.stack([predict(fit, features[t], task=t) for t in range(T)])
        check_whole(tasks=len(features), lower=T, upper=T, hint="one array of rows per task, or task= for one task")
        return [predict(fit, rows, task=t) for t, rows in enumerate(features)]
    check_whole(task=task, lower=0, upper=T - 1)
    rows = jnp.asarray(features, fit.W.dtype)
    check_shape("features", rows, (None, d))
    scale = jnp.sqrt(jnp.asarray(T * d, fit.W.dtype))
    if fit.means is None:
        return rows @ fit.W[task] / scale
    return (rows - fit.means.features[task]) @ fit.W[task] / scale + fit.means.targets[task]


def centre_and_deviations(
    data: TaskData, residual: Float[Array, "task sample output"], *, gamma: Float[Array, " task"], lam: Scalar
) -> CentreAndDeviations:
    """The regularised presentation from the multiplier: `V_t = gamma_t g_t`, `W_0 = lam sum_s g_s`."""
    g = gradients(data, residual)
    return CentreAndDeviations(lam * jnp.sum(g, axis=0), gamma[:, None, None] * g)


def objective(
    data: TaskData,
    W0: Float[Array, "dim output"],
    V: Float[Array, "task dim output"],
    *,
    gamma: Float[Array, " task"],
    lam: Scalar,
) -> Float[Array, ""]:
    """`|W_0|^2/(2 lam) + sum_t |V_t|^2/(2 gamma_t) + (1/2) sum_t |Y_t - X_t^T (W_0+V_t)/sqrt(Td)|^2`, which the estimator minimises."""
    error = data.targets - fitted_values(W0 + V, data.features)
    return jnp.sum(W0**2) / (2 * lam) + jnp.sum(V**2 / (2 * gamma[:, None, None])) + jnp.sum(error**2) / 2
