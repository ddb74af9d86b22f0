"""Choice of the penalty weight by K-fold cross-validation inside the training tasks, with warm starts along the path.

The data enter as moments per fold (`mtrl.numerics.moments.fold_moments`), so a fit on the other folds is a subtraction; or, where
few samples of many features make Gram matrices dear (`gram_pays`), as the rows of every fold (`fold_rows`).
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from mtrl.numerics.moments import Moments
from mtrl.numerics.types import Scalar
from mtrl.representation.convex.quadratic import DataTerm, data_term, data_term_of_rows, task_errors
from mtrl.representation.convex.solver import Weights

# path(term, lams) -> (weights (choice, dim, task), gaps (choice,)) for a decreasing sequence of penalty weights; a path with a second
# parameter returns one block of len(lams) choices per value of it.
Path = Callable[[DataTerm, Float[Array, " lam"]], tuple[Float[Array, "choice dim task"], Float[Array, " choice"]]]


class RowFolds(NamedTuple):
    """Rows of every fold, padded to one size."""

    x: Float[Array, "fold task sample dim"]
    y: Float[Array, "fold task sample"]
    mask: Bool[Array, "fold task sample"]


def fold_rows(
    x: Float[Array, "task sample dim"],
    y: Float[Array, "task sample"],
    rank: Int[Array, "task sample"],
    train: Bool[Array, "task sample"],
    folds: int,
    *,
    most: int,
) -> RowFolds:
    """Rows for cross-validation: the j-th of a task's rows that train, in the order of `rank`, is in fold j modulo `folds`.

    Args:
      x: inputs.
      y: responses.
      rank: place of every row in its task's order.
      train: the rows to take, at most `most` of a task.
      folds: K (static).
      most: rows of a task to make room for (static).
    """
    room = -(-most // folds)  # of a fold
    order = jnp.argsort(jnp.where(train, rank, rank.shape[1]), axis=1)[:, :most]
    order = jnp.pad(order, ((0, 0), (0, room * folds - most)))
    used = jnp.arange(room * folds) < jnp.sum(train, axis=1)[:, None]

    def by_fold(rows):
        return jnp.moveaxis(rows.reshape(rows.shape[0], room, folds, *rows.shape[2:]), 2, 0)

    chosen = jnp.take_along_axis(x, order[..., None], axis=1), jnp.take_along_axis(y, order, axis=1)
    return RowFolds(*map(by_fold, (*chosen, used)))


def term_of_folds(folds: Moments | RowFolds) -> DataTerm:
    """The data term of all folds together."""
    if isinstance(folds, Moments):
        return data_term(jax.tree.map(lambda v: jnp.sum(v, axis=0), folds))
    return data_term_of_rows(*(jnp.concatenate(list(part), axis=1) for part in folds))


class Selection(NamedTuple):
    """Chosen penalty weight."""

    weights: Float[Array, "dim task"]  # refitted on all folds
    lam: Float[Array, ""]  # chosen
    index: Int[Array, ""]  # its place among the choices
    errors: Float[Array, " choice"]  # validation mean squared error, mean over tasks and folds
    gap: Float[Array, ""]  # largest relative duality gap of all fits


def lam_grid(lam_max: Scalar, *, points: int = 20, ratio: Scalar = 1e-3) -> Float[Array, " {points}"]:
    """`points` weights falling geometrically from lam_max to ratio * lam_max."""
    lam_max = jnp.asarray(lam_max)
    return lam_max * jnp.geomspace(1.0, ratio, points).astype(lam_max.dtype)


def warm_path(fit: Callable, term: DataTerm, lams: Float[Array, " lam"], *, blocks: int = 1) -> tuple[Array, Array]:
    """Weights and gaps along the path, each fit started at the last.

    Args:
      fit: `fit(term, lam, start=) -> Weights`, or `Decomposition` for two blocks.
      term: data term.
      lams: decreasing.
      blocks: 2 for sums of two structures (static).
    """

    def again(found):
        if blocks == 2:
            return found.shared, found.own
        return found if isinstance(found, Weights) else found.weights

    def step(start, lam):
        found = fit(term, lam, start=start)
        return again(found), (found.weights, found.gap)

    zero = jnp.zeros_like(term.means.cross.T)
    first = jax.eval_shape(lambda lam: again(fit(term, lam, start=(zero, zero) if blocks == 2 else zero)), lams[0])
    nothing = Weights(zero, jnp.full_like(lams[0], jnp.inf), jnp.zeros((), bool), -term.means.cross.T)
    start = nothing if isinstance(first, Weights) else jax.tree.map(jnp.zeros_like, first)
    return jax.lax.scan(step, start, lams)[1]


def cold_path(fit: Callable, term: DataTerm, lams: Float[Array, " lam"]) -> tuple[Array, Array]:
    """Weights and gaps, every one from scratch, `fit(term, lam) -> Weights`, for methods in closed form.

    One weight after another: a factor of (task, dim, dim) matrices stands for one of them at a time.
    """
    found = jax.lax.map(lambda lam: fit(term, lam), lams)
    return found.weights, found.gap


def select_lam(path: Path, folds: Moments | RowFolds, lams: Float[Array, " lam"]) -> Selection:
    """K-fold cross-validation.

    Args:
      path: weights and gaps along `lams`.
      folds: moments or rows with a leading fold axis.
      lams: grid, decreasing; shared by all folds, so that their errors can be averaged.

    Returns:
      `Selection`, refitted along the same path on the data of all folds.
    """

    def fitted(training, validation):
        weights, gaps = path(training, lams)
        return jax.vmap(lambda w: jnp.mean(task_errors(validation, w)))(weights), jnp.max(gaps), weights

    if isinstance(folds, Moments):
        total = jax.tree.map(lambda x: jnp.sum(x, axis=0), folds)

        def without(held_out):
            training = data_term(jax.tree.map(lambda all_, out: all_ - out, total, held_out))
            return fitted(training, data_term(held_out))

        # Nothing is held out in the end: the refit is one more round of the same loop, and the path is compiled once.
        errors, gaps, weights = jax.lax.map(
            without, jax.tree.map(lambda x: jnp.concatenate([x, jnp.zeros_like(x[:1])]), folds)
        )
        errors, weights = errors[:-1], weights[-1]
    else:
        count = folds.y.shape[0]
        others = jnp.asarray([[k for k in range(count) if k != out] for out in range(count)])

        def without_rows(own):
            kept, held_out = own
            training = term_of_folds(RowFolds(*(part[kept] for part in folds)))
            return fitted(training, data_term_of_rows(*held_out))[:2]

        errors, gaps = jax.lax.map(without_rows, (others, folds))
        weights, refit = path(term_of_folds(folds), lams)
        gaps = jnp.maximum(gaps, jnp.max(refit))
    errors = jnp.mean(errors, axis=0)
    index = jnp.argmin(errors)
    return Selection(weights[index], lams[index % lams.shape[0]], index, errors, jnp.max(gaps))
