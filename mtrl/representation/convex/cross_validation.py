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
from mtrl.representation.convex.quadratic import DataTerm, data_term, task_errors
from mtrl.representation.convex.solver import Weights

# path(term, lams) -> (weights (choice, dim, task), gaps (choice,)) for a decreasing sequence of penalty weights; a path with a second
# parameter returns one block of len(lams) choices per value of it.
Path = Callable[[DataTerm, Float[Array, " lam"]], tuple[Float[Array, "choice dim task"], Float[Array, " choice"]]]


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


def select_lam(path: Path, folds: Moments, lams: Float[Array, " lam"]) -> Selection:
    """K-fold cross-validation.

    Args:
      path: weights and gaps along `lams`.
      folds: moments with a leading fold axis.
      lams: grid, decreasing; shared by all folds, so that their errors can be averaged.

    Returns:
      `Selection`, refitted along the same path on the data of all folds.
    """
    total = jax.tree.map(lambda x: jnp.sum(x, axis=0), folds)

    def errors_of(held_out):
        training = data_term(jax.tree.map(lambda all_, out: all_ - out, total, held_out))
        validation = data_term(held_out)
        weights, gaps = path(training, lams)
        return jax.vmap(lambda w: jnp.mean(task_errors(validation, w)))(weights), jnp.max(gaps)

    errors, gaps = jax.lax.map(errors_of, folds)
    errors = jnp.mean(errors, axis=0)
    index = jnp.argmin(errors)
    weights, refit = path(data_term(total), lams)
    return Selection(
        weights[index], lams[index % lams.shape[0]], index, errors, jnp.maximum(jnp.max(gaps), jnp.max(refit))
    )
