"""The data term `l(W) = sum_t (1/2n_t) ||X_t w_t - y_t||^2` as a quadratic, with its gradient and duality gap."""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from mtrl.numerics.moments import Moments


class Loss(NamedTuple):
    """`l(W) = sum_t [1/2 w_t^T H_t w_t - b_t^T w_t] + constant`."""

    hessian: Float[Array, "design dim dim"]  # H_t = G_t / n_t; one for all tasks where they share the design
    linear: Float[Array, "task dim"]  # b_t = c_t / n_t
    square: Float[Array, " task"]  # y_t^T y_t / n_t
    lipschitz: Float[Array, ""]  # largest eigenvalue of any H_t


class Weights(NamedTuple):
    """Fitted weights and how far from optimal they are."""

    weights: Float[Array, "dim task"]  # W
    residual: Float[Array, ""]  # of the method's own optimality condition, relative; zero iff optimal


class Decomposition(NamedTuple):
    """Fitted weights of a sum of two structures."""

    weights: Float[Array, "dim task"]  # W = P + Q
    shared: Float[Array, "dim task"]  # P
    own: Float[Array, "dim task"]  # Q
    residual: Float[Array, ""]


def loss_from_moments(data: Moments) -> Loss:
    """Divide the moments by the samples of each task; a task without samples contributes nothing."""
    count = jnp.maximum(data.count, 1)
    hessian = data.gram / count[:, None, None]
    lipschitz = jnp.max(jnp.linalg.eigvalsh(hessian)[:, -1])
    return Loss(hessian, data.cross / count[:, None], data.square / count, lipschitz)


def loss_shared_design(x: Float[Array, "sample dim"], y: Float[Array, "task sample"]) -> Loss:
    """The loss of tasks that share one design X: one H = X^T X / n, so that a gradient is a single matrix product.

    Args:
      x: the design of every task.
      y: responses, row per task.
    """
    samples, _ = x.shape
    hessian = x.T @ x / samples
    lipschitz = jnp.linalg.eigvalsh(hessian)[-1]
    return Loss(hessian[None], y @ x / samples, jnp.sum(y**2, axis=1) / samples, lipschitz)


def hessians(loss: Loss) -> Float[Array, "task dim dim"]:
    """H_t of every task, also where they share one."""
    tasks, dim = loss.linear.shape
    return jnp.broadcast_to(loss.hessian, (tasks, dim, dim))


def apply_hessian(loss: Loss, weights: Float[Array, "dim task"]) -> Float[Array, "dim task"]:
    """Column t is `H_t w_t`."""
    if loss.hessian.shape[0] == 1:
        return loss.hessian[0] @ weights
    return jnp.einsum("tij,jt->it", loss.hessian, weights)


def gradient(loss: Loss, weights: Float[Array, "dim task"]) -> Float[Array, "dim task"]:
    """Column t is `H_t w_t - b_t = (G_t w_t - c_t)/n_t`."""
    return apply_hessian(loss, weights) - loss.linear.T


def value(loss: Loss, weights: Float[Array, "dim task"]) -> Float[Array, ""]:
    """`l(W)`."""
    return jnp.sum(weights * (apply_hessian(loss, weights) / 2 - loss.linear.T)) + jnp.sum(loss.square) / 2


def value_at_zero(loss: Loss) -> Float[Array, ""]:
    """`l(0)`, the scale of relative gaps; 1 where every response is zero."""
    total = jnp.sum(loss.square) / 2
    return jnp.where(total > 0, total, 1)


def task_errors(loss: Loss, weights: Float[Array, "dim task"]) -> Float[Array, " task"]:
    """Mean squared error per task, `||X_t w_t - y_t||^2 / n_t`."""
    return jnp.sum(weights * (apply_hessian(loss, weights) - 2 * loss.linear.T), axis=0) + loss.square


def zero_gradient(loss: Loss) -> Float[Array, "dim task"]:
    """Gradient at W = 0; a norm penalty of weight at least its dual norm gives W = 0 and nothing less does."""
    return -loss.linear.T


def duality_gap(
    loss: Loss,
    weights: Float[Array, "dim task"],
    penalty: Float[Array, ""],
    dual_norm: Float[Array, ""],
) -> Float[Array, ""]:
    """Upper bound on `l(W) + lam Omega(W) - minimum` for a norm Omega.

    The dual point is the residual of each task, scaled until it is feasible, `s = min(1, lam / Omega*(gradient))`;
    the dual value is `sum_t [s y_t^T res_t - s^2 ||res_t||^2 / 2] / n_t`, again a function of the moments.

    Args:
      loss: data term.
      weights: W.
      penalty: lam Omega(W), lam times the norm.
      dual_norm: Omega*(gradient(W)) / lam.
    """
    scale = 1 / jnp.maximum(dual_norm, 1)
    fit = jnp.sum(task_errors(loss, weights))
    alignment = jnp.sum(loss.square) - jnp.sum(loss.linear.T * weights)
    return fit / 2 + penalty - (scale * alignment - scale**2 * fit / 2)


def curvature(loss: Loss) -> Float[Array, ""]:
    """Mean variance of a feature, `mean_t tr(H_t) / dim`: the natural unit of ridge-like weights."""
    return jnp.mean(jnp.trace(loss.hessian, axis1=1, axis2=2)) / loss.hessian.shape[-1]
