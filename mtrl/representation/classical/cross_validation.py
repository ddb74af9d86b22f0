"""Choice of the penalty weight by K-fold cross-validation inside the training tasks, with warm starts along the path.

The data enter as moments per fold (`mtrl.numerics.moments.fold_moments`), so a fit on the other folds is a subtraction.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from mtrl.numerics.moments import Moments
from mtrl.numerics.types import Scalar
from mtrl.representation.classical.loss import Loss, loss_from_moments, task_errors

# path(loss, lams) -> weights (choice, dim, task) for a decreasing sequence of penalty weights; a path with a second
# parameter returns one block of len(lams) choices per value of it.
Path = Callable[[Loss, Float[Array, " lam"]], Float[Array, "choice dim task"]]


class Selection(NamedTuple):
    """Chosen penalty weight."""

    weights: Float[Array, "dim task"]  # refitted on all folds
    lam: Float[Array, ""]  # chosen
    index: Int[Array, ""]  # its place among the choices
    errors: Float[Array, " choice"]  # validation mean squared error, mean over tasks and folds


def lam_grid(lam_max: Scalar, *, points: int = 20, ratio: Scalar = 1e-3) -> Float[Array, " {points}"]:
    """`points` weights falling geometrically from lam_max to ratio * lam_max."""
    lam_max = jnp.asarray(lam_max)
    return lam_max * jnp.geomspace(1.0, ratio, points).astype(lam_max.dtype)


def warm_path(
    fit: Callable, loss: Loss, lams: Float[Array, " lam"], start: Array | tuple
) -> Float[Array, "lam dim task"]:
    """Fit along the path, each from the last.

    Args:
      fit: `fit(loss, lam, start) -> (weights, next_start)`.
      loss: data term.
      lams: decreasing.
      start: for the first.
    """

    def step(carry, lam):
        weights, carry = fit(loss, lam, carry)
        return carry, weights

    return jax.lax.scan(step, start, lams)[1]


def cold_path(fit: Callable, loss: Loss, lams: Float[Array, " lam"]) -> Float[Array, "lam dim task"]:
    """Fit every weight from scratch, `fit(loss, lam) -> weights`, for methods in closed form or with annealing."""
    return jax.vmap(lambda lam: fit(loss, lam))(lams)


def select_lam(path: Path, folds: Moments, lams: Float[Array, " lam"]) -> Selection:
    """K-fold cross-validation.

    Args:
      path: weights along `lams`.
      folds: moments with a leading fold axis.
      lams: grid, decreasing; shared by all folds, so that their errors can be averaged.

    Returns:
      `Selection`, refitted along the same path on the data of all folds.
    """
    total = jax.tree.map(lambda x: jnp.sum(x, axis=0), folds)

    def errors_of(held_out):
        training = loss_from_moments(jax.tree.map(lambda all_, out: all_ - out, total, held_out))
        validation = loss_from_moments(held_out)
        return jax.vmap(lambda w: jnp.mean(task_errors(validation, w)))(path(training, lams))

    errors = jnp.mean(jax.lax.map(errors_of, folds), axis=0)
    index = jnp.argmin(errors)
    return Selection(path(loss_from_moments(total), lams)[index], lams[index % lams.shape[0]], index, errors)
