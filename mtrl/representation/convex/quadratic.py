"""The data term `l(W) = sum_t (1/2n_t) ||X_t w_t - y_t||^2` of all convex methods, from the moments of the tasks."""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from mtrl.numerics.moments import Moments
from mtrl.numerics.types import Scalar


class DataTerm(NamedTuple):
    """`l(W) = sum_t [1/2 w_t^T H_t w_t - b_t^T w_t] + constant`: moments as means over the samples of a task.

    `means.gram` is H_t = G_t / n_t, (task, dim, dim), or (1, dim, dim) where all tasks share their design; `means.cross` is
    b_t = c_t / n_t; `means.square` is y_t^T y_t / n_t.
    """

    means: Moments
    lipschitz: Float[Array, ""]  # of the gradient: largest eigenvalue of any H_t


def data_term(data: Moments) -> DataTerm:
    """Divide the moments by the samples of each task; a task without samples contributes nothing."""
    count = jnp.maximum(data.count, 1)
    gram = data.gram / count[:, None, None]
    means = Moments(gram, data.cross / count[:, None], data.square / count, data.count)
    return DataTerm(means, jnp.max(jnp.linalg.eigvalsh(gram)[:, -1]))


def data_term_shared_design(x: Float[Array, "sample dim"], y: Float[Array, "task sample"]) -> DataTerm:
    """The data term of tasks that share one design X: one H = X^T X / n, so that a gradient is a single matrix product.

    Args:
      x: the design of every task.
      y: responses, row per task.
    """
    samples, _ = x.shape
    gram = x.T @ x / samples
    count = jnp.full(y.shape[0], samples, x.dtype)
    means = Moments(gram[None], y @ x / samples, jnp.sum(y**2, axis=1) / samples, count)
    return DataTerm(means, jnp.linalg.eigvalsh(gram)[-1])


def with_ridge(term: DataTerm, ridge: Scalar) -> DataTerm:
    """`l(W) + ridge/2 ||W||_F^2`: `dim` more rows a task, `sqrt(n_t ridge) I`, with responses zero."""
    gram = term.means.gram
    gram = gram + ridge * jnp.eye(gram.shape[-1], dtype=gram.dtype)
    return DataTerm(term.means._replace(gram=gram), term.lipschitz + ridge)


def hessians(term: DataTerm) -> Float[Array, "task dim dim"]:
    """H_t of every task, also where they share one."""
    tasks, dim = term.means.cross.shape
    return jnp.broadcast_to(term.means.gram, (tasks, dim, dim))


def apply_hessian(term: DataTerm, weights: Float[Array, "dim task"]) -> Float[Array, "dim task"]:
    """Column t is `H_t w_t`."""
    gram = term.means.gram
    return gram[0] @ weights if gram.shape[0] == 1 else jnp.einsum("tij,jt->it", gram, weights)


def gradient(term: DataTerm, weights: Float[Array, "dim task"]) -> Float[Array, "dim task"]:
    """Column t is `H_t w_t - b_t = (G_t w_t - c_t)/n_t`; at W = 0 its dual norm is the least weight of a norm that gives W = 0."""
    return apply_hessian(term, weights) - term.means.cross.T


def value(term: DataTerm, weights: Float[Array, "dim task"]) -> Float[Array, ""]:
    """`l(W)`."""
    return jnp.sum(task_errors(term, weights)) / 2


def value_at_zero(term: DataTerm) -> Float[Array, ""]:
    """`l(0)`, the scale of relative gaps; 1 where every response is zero."""
    total = jnp.sum(term.means.square) / 2
    return jnp.where(total == 0, 1, total)


def task_errors(term: DataTerm, weights: Float[Array, "dim task"]) -> Float[Array, " task"]:
    """Mean squared error per task, `||X_t w_t - y_t||^2 / n_t`."""
    return jnp.sum(weights * (apply_hessian(term, weights) - 2 * term.means.cross.T), axis=0) + term.means.square


def curvature(term: DataTerm) -> Float[Array, ""]:
    """Mean variance of a feature, `mean_t tr(H_t) / dim`: the natural unit of ridge-like weights."""
    return jnp.mean(jnp.trace(term.means.gram, axis1=1, axis2=2)) / term.means.gram.shape[-1]
