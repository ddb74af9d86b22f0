"""The data term `l(W) = sum_t (1/2n_t) ||X_t w_t - y_t||^2` of all convex methods, from the moments or the rows of the tasks.

A product with H_t = X_t^T X_t / n_t takes dim^2 operations from the Gram matrix, which takes n dim^2 to make, and 2 n dim from the rows; a
search of some hundred gradients pays for a Gram matrix unless the samples are few.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from mtrl.numerics.moments import Moments, moments
from mtrl.numerics.types import Scalar


class DataTerm(NamedTuple):
    """`l(W) = sum_t [1/2 w_t^T H_t w_t - b_t^T w_t] + constant`: moments as means over the samples of a task.

    `means.gram` is H_t = G_t / n_t, (task, dim, dim), or (1, dim, dim) where all tasks share their design; `means.cross` is
    b_t = c_t / n_t; `means.square` is y_t^T y_t / n_t. With `rows`, `means.gram` holds no number, (task, 0, 0), and
    `H_t = rows_t^T rows_t + ridge I`.
    """

    means: Moments
    rows: Float[Array, "task sample dim"] | None = (
        None  # X_t / sqrt(n_t), one for all tasks where they share their design
    )
    ridge: Scalar = 0.0  # read with `rows` alone


def data_term(data: Moments) -> DataTerm:
    """Divide the moments by the samples of each task; a task without samples contributes nothing."""
    count = jnp.maximum(data.count, 1)
    gram = data.gram / count[:, None, None]
    return DataTerm(Moments(gram, data.cross / count[:, None], data.square / count, data.count))


def gram_pays(samples: int, dim: int, tasks: int) -> bool:
    """Whether a hundred products of H with `tasks` vectors are cheaper from a Gram matrix, its making included."""
    return dim * (samples + 100 * tasks) <= 200 * samples * tasks


def data_term_of_rows(
    x: Float[Array, "task sample dim"],
    y: Float[Array, "task sample"],
    mask: Bool[Array, "task sample"] | None = None,
) -> DataTerm:
    """The data term of dense data, from moments where `gram_pays` and from the rows where the samples are few; `mask` as in `moments`."""
    _, samples, dim = x.shape
    if gram_pays(samples, dim, 1):
        return data_term(moments(x, y, mask))
    mask = jnp.ones(y.shape, bool) if mask is None else mask
    x, y, count = jnp.where(mask[..., None], x, 0), jnp.where(mask, y, 0), jnp.sum(mask, axis=1).astype(x.dtype)
    return _of_rows(x, y, count)


def data_term_shared_design(
    x: Float[Array, "sample dim"], y: Float[Array, "task sample"], *, rows: bool | None = None
) -> DataTerm:
    """The data term of tasks that share one design X: one H = X^T X / n, so that a gradient is a single matrix product.

    Args:
      x: the design of every task.
      y: responses, row per task.
      rows: keep the rows (static); None where `gram_pays`. Working sets take few products with all of H: rows are faster for them.
    """
    samples, dim = x.shape
    count = jnp.full(y.shape[0], samples, x.dtype)
    if (not gram_pays(samples, dim, y.shape[0])) if rows is None else rows:
        return _of_rows(x[None], y, count)
    return DataTerm(Moments((x.T @ x / samples)[None], y @ x / samples, jnp.sum(y**2, axis=1) / samples, count))


def _of_rows(x: Array, y: Array, count: Array) -> DataTerm:
    """From rows, zero where there is no sample."""
    each = jnp.maximum(count, 1)
    rows = x / jnp.sqrt(each if x.shape[0] > 1 else each[:1])[:, None, None]
    cross = y @ x[0] if x.shape[0] == 1 else jnp.einsum("tnd,tn->td", x, y)
    none = jnp.zeros((x.shape[0], 0, 0), x.dtype)
    return DataTerm(Moments(none, cross / each[:, None], jnp.sum(y**2, axis=1) / each, count), rows)


def with_ridge(term: DataTerm, ridge: Scalar) -> DataTerm:
    """`l(W) + ridge/2 ||W||_F^2`: `dim` more rows a task, `sqrt(n_t ridge) I`, with responses zero."""
    if term.rows is not None:
        return term._replace(ridge=term.ridge + ridge)
    gram = term.means.gram
    gram = gram + ridge * jnp.eye(gram.shape[-1], dtype=gram.dtype)
    return DataTerm(term.means._replace(gram=gram))


def designs(term: DataTerm) -> Float[Array, "design dim dim"]:
    """H of every design: one where the tasks share it."""
    if term.rows is None:
        return term.means.gram
    eye = jnp.eye(term.rows.shape[-1], dtype=term.rows.dtype)
    return jnp.einsum("tni,tnj->tij", term.rows, term.rows) + term.ridge * eye


def hessians(term: DataTerm) -> Float[Array, "task dim dim"]:
    """H_t of every task, also where they share one."""
    tasks, dim = term.means.cross.shape
    return jnp.broadcast_to(designs(term), (tasks, dim, dim))


def total_hessian(term: DataTerm) -> Float[Array, "dim dim"]:
    """`sum_t H_t`; from rows in one product, without the H of every task."""
    if term.rows is None:
        return jnp.sum(hessians(term), axis=0)
    tasks, dim = term.means.cross.shape
    shared = jnp.einsum("tni,tnj->ij", term.rows, term.rows) * (tasks / term.rows.shape[0])
    return shared + tasks * term.ridge * jnp.eye(dim, dtype=term.rows.dtype)


class Dual(NamedTuple):
    """`(H_t + lam I)^{-1} = (I - half_t^T half_t) / shift`, half_t = L_t^{-1} R_t with `L_t L_t^T = R_t R_t^T + shift I`.

    R_t are the rows of a data term and shift = lam + its ridge: a factor of (sample, sample) instead of (dim, dim). Solutions carry a
    relative error of about eps ||H|| / shift.
    """

    half: Float[Array, "task sample dim"]  # one for all tasks where they share their design
    shift: Scalar


def dual(term: DataTerm, lam: Scalar) -> Dual | None:
    """The inverse of every `H_t + lam I` where rows fewer than features make it cheap, else None."""
    if term.rows is None or term.rows.shape[1] >= term.rows.shape[2]:
        return None
    shift, eye = term.ridge + lam, jnp.eye(term.rows.shape[1], dtype=term.rows.dtype)
    lower = jnp.linalg.cholesky(jnp.einsum("tni,tmi->tnm", term.rows, term.rows) + shift * eye)
    return Dual(jax.scipy.linalg.solve_triangular(lower, term.rows, lower=True), shift)


def solve_dual(inverse: Dual, right: Float[Array, "dim task"]) -> Float[Array, "dim task"]:
    """`(H_t + lam I)^{-1} right_t` in column t."""
    half = inverse.half
    if half.shape[0] == 1:
        return (right - half[0].T @ (half[0] @ right)) / inverse.shift
    return (right - jnp.einsum("tnd,tn->dt", half, jnp.einsum("tnd,dt->tn", half, right))) / inverse.shift


def image(term: DataTerm, weights: Float[Array, "part task"], index: Int[Array, " part"] | None = None) -> Array:
    """Half a product with H: `X_t w_t / sqrt(n_t)` as (task, sample) from rows, all of `H_t w_t` from moments.

    Args:
      term: data term.
      weights: the rows of W that may differ from zero.
      index: which rows of W these are; None for all, in order.
    """
    columns = slice(None) if index is None else index
    if term.rows is not None:
        part = term.rows[:, :, columns]
        return (part[0] @ weights).T if part.shape[0] == 1 else jnp.einsum("tnk,kt->tn", part, weights)
    part = term.means.gram[:, :, columns]
    return part[0] @ weights if part.shape[0] == 1 else jnp.einsum("tik,kt->it", part, weights)


def gradient_at(
    term: DataTerm, half: Array, weights: Float[Array, "part task"], index: Int[Array, " part"] | None = None
) -> Float[Array, "dim task"]:
    """The gradient at weights whose `image` is known."""
    minus = term.means.cross.T
    if term.rows is None:
        return half - minus
    pulled = (half @ term.rows[0]).T if term.rows.shape[0] == 1 else jnp.einsum("tnd,tn->dt", term.rows, half)
    shrunk = term.ridge * weights
    return (pulled + shrunk if index is None else pulled.at[index].add(shrunk)) - minus


def gradient(term: DataTerm, weights: Float[Array, "dim task"]) -> Float[Array, "dim task"]:
    """Column t is `H_t w_t - b_t = (G_t w_t - c_t)/n_t`; at W = 0 its dual norm is the least weight of a norm that gives W = 0."""
    return gradient_at(term, image(term, weights), weights)


def restrict(term: DataTerm, index: Int[Array, " part"]) -> DataTerm:
    """The data term of the features `index`, from moments wherever they pay."""
    means, size = term.means._replace(cross=term.means.cross[:, index]), index.shape[0]
    if term.rows is None:
        return DataTerm(means._replace(gram=term.means.gram[:, index[:, None], index]))
    part = DataTerm(means, term.rows[:, :, index], term.ridge)
    tasks, (shared, samples, _) = means.cross.shape[0], term.rows.shape
    if gram_pays(samples, size, tasks if shared == 1 else 1):
        return DataTerm(means._replace(gram=designs(part)))
    return part


def largest_eigenvalue(term: DataTerm, *, steps: int = 8) -> tuple[Float[Array, ""], Float[Array, ""]]:
    """Of any H_t: a guess from below, by power iteration from the responses' side, and an upper bound, a Frobenius norm or a trace."""
    cross = term.means.cross.T

    def forward(direction, _):
        image_of = gradient(term, direction) + cross
        length = jnp.linalg.norm(image_of, axis=0)
        return image_of / jnp.where(length > 0, length, 1), length

    start = cross / jnp.maximum(jnp.linalg.norm(cross, axis=0), jnp.finfo(cross.dtype).tiny)
    _, lengths = jax.lax.scan(forward, start, length=steps)
    if term.rows is None:
        most = jnp.max(jnp.linalg.norm(term.means.gram, axis=(1, 2)))
    else:
        most = jnp.max(jnp.sum(term.rows**2, axis=(1, 2))) + term.ridge
    return jnp.max(lengths[-1]), most


def value(term: DataTerm, weights: Float[Array, "dim task"]) -> Float[Array, ""]:
    """`l(W)`."""
    return jnp.sum(task_errors(term, weights)) / 2


def value_at_zero(term: DataTerm) -> Float[Array, ""]:
    """`l(0)`, the scale of relative gaps; 1 where every response is zero."""
    total = jnp.sum(term.means.square) / 2
    return jnp.where(total == 0, 1, total)


def task_errors(
    term: DataTerm, weights: Float[Array, "dim task"], slope: Float[Array, "dim task"] | None = None
) -> Float[Array, " task"]:
    """Mean squared error per task, `||X_t w_t - y_t||^2 / n_t` (and the ridge); `slope` is the gradient there, where it is known."""
    slope = gradient(term, weights) if slope is None else slope
    return jnp.sum(weights * (slope - term.means.cross.T), axis=0) + term.means.square


def curvature(term: DataTerm) -> Float[Array, ""]:
    """Mean variance of a feature, `mean_t tr(H_t) / dim`: the natural unit of ridge-like weights."""
    if term.rows is not None:
        return jnp.mean(jnp.sum(term.rows**2, axis=(1, 2))) / term.rows.shape[-1] + term.ridge
    return jnp.mean(jnp.trace(term.means.gram, axis1=1, axis2=2)) / term.means.gram.shape[-1]
