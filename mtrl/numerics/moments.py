"""Sufficient statistics of several linear regressions: Gram matrices, cross products, squares and counts.

Every quadratic method is a function of these. They are (tasks * dim^2) numbers, whatever the number of samples; above
`LARGEST_GRAM_BYTES` use the streamed methods, which never hold the Gram matrices of all tasks at once.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from mtrl.numerics.checks import check_whole
from mtrl.numerics.errors import BadInput

LARGEST_GRAM_BYTES = 2 * 1024**3


class Moments(NamedTuple):
    """Moments of T regressions y_t = X_t theta_t + noise; sums over the samples of a task, not means, and with no scale divided out."""

    gram: Float[Array, "task dim dim"]  # G_t = X_t^T X_t
    cross: Float[Array, "task dim *output"]  # c_t = X_t^T y_t, one column per output where y has several
    square: Float[Array, " task"]  # y_t^T y_t, summed over outputs
    count: Float[Array, " task"]  # n_t, as a float


def check_gram_size(tasks: int, dim: int, itemsize: int = 8) -> None:
    """Refuse to build (tasks, dim, dim) Gram matrices past `LARGEST_GRAM_BYTES`.

    Raises:
      BadInput: the stack would be larger.
    """
    size = tasks * dim * dim * itemsize
    if size > LARGEST_GRAM_BYTES:
        raise BadInput(
            f"Gram matrices of {tasks} tasks in {dim} dimensions need {size / 2**30:.1f} GiB and at most "
            f"{LARGEST_GRAM_BYTES / 2**30:.0f} GiB is allowed; use a streamed method (method_of_moments, "
            "alternating_minimisation_streamed) or float32"
        )


def no_moments(tasks: int, dim: int, dtype: Any = float, outputs: tuple[int, ...] = ()) -> Moments:
    """Moments of no data; `outputs` is the trailing shape of `cross`."""
    zeros = jnp.zeros(tasks, dtype)
    return Moments(jnp.zeros((tasks, dim, dim), dtype), jnp.zeros((tasks, dim, *outputs), dtype), zeros, zeros)


def add_row(data: Moments, x: Float[Array, "task dim"], y: Float[Array, " task"]) -> Moments:
    """One more observation of every task."""
    return Moments(
        data.gram + x[:, :, None] * x[:, None, :], data.cross + x * y[:, None], data.square + y**2, data.count + 1
    )


def moments(
    x: Float[Array, "task sample dim"],
    y: Float[Array, "task sample *output"],
    mask: Bool[Array, "task sample"] | None = None,
) -> Moments:
    """Moments of dense data; `mask` is False on the padding rows of unequal tasks.

    Raises:
      BadInput: the Gram matrices would exceed 2 GiB.
    """
    tasks, samples, dim = x.shape
    check_gram_size(tasks, dim, x.dtype.itemsize)
    if mask is None:
        count = jnp.full(tasks, samples, dtype=x.dtype)
    else:
        x, y = jnp.where(mask[..., None], x, 0), jnp.where(mask.reshape(*mask.shape, *[1] * (y.ndim - 2)), y, 0)
        count = jnp.sum(mask, axis=1).astype(x.dtype)
    gram = jnp.einsum("tni,tnj->tij", x, x)
    return Moments(gram, jnp.einsum("tni,tn...->ti...", x, y), jnp.sum(y**2, axis=tuple(range(1, y.ndim))), count)


def flat_moments(
    x: Float[Array, "sample dim"], y: Float[Array, " sample"], task_id: Int[Array, " sample"], tasks: int
) -> Moments:
    """Moments of ragged data given as flat rows with a task number each (0..tasks-1); rows in any order.

    Scans over the rows in blocks of about one task, so that the outer products of all rows never stand at once. Numbers outside the range
    are refused; traced ones, which nobody can refuse, leave their rows out of every sum.

    Raises:
      BadInput: the Gram matrices would exceed 2 GiB, or a task number outside 0..tasks-1.
    """
    check_whole(lower=0, upper=tasks - 1, task_id=task_id)
    task_id = jnp.where(task_id < 0, tasks, task_id)  # a negative index would count from the end
    rows, dim = x.shape
    check_gram_size(tasks, dim, x.dtype.itemsize)
    block = max(1, min(rows, 256))
    padding = -rows % block
    # Padding rows are zero, so the task they are booked to does not matter.
    x_blocks = jnp.pad(x, ((0, padding), (0, 0))).reshape(-1, block, dim)
    id_blocks = jnp.pad(task_id, (0, padding)).reshape(-1, block)

    def add(gram, rows_of_block):
        x_block, id_block = rows_of_block
        return gram.at[id_block].add(x_block[:, :, None] * x_block[:, None, :]), None

    gram, _ = jax.lax.scan(add, jnp.zeros((tasks, dim, dim), x.dtype), (x_blocks, id_blocks))
    cross = jax.ops.segment_sum(x * y[:, None], task_id, tasks)
    square = jax.ops.segment_sum(y**2, task_id, tasks)
    return Moments(gram, cross, square, jax.ops.segment_sum(jnp.ones_like(y), task_id, tasks))


def fold_moments(
    x: Float[Array, "task sample dim"],
    y: Float[Array, "task sample"],
    fold: Int[Array, "task sample"],
    folds: int,
) -> Moments:
    """Moments per cross-validation fold, with a leading axis of length `folds`; rows with fold < 0 are left out."""
    return jax.vmap(lambda k: moments(x, y, fold == k))(jnp.arange(folds))


def rows_from_moments(data: Moments) -> tuple[Float[Array, "task dim dim"], Float[Array, "task dim"]]:
    """`dim` rows R_t and responses z_t with R_t^T R_t = G_t and R_t^T z_t = c_t: least squares on them is the same
    problem.

    By Cholesky factors, so G_t must be positive definite (n_t >= dim); not finite otherwise.
    """
    lower = jnp.linalg.cholesky(data.gram)
    response = jax.scipy.linalg.solve_triangular(lower, data.cross[..., None], lower=True)[..., 0]
    return jnp.swapaxes(lower, -1, -2), response
