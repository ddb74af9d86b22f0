"""MGDA: the shortest convex combination (Desideri 2012, Comptes Rendus 350; Sener and Koltun, NeurIPS 2018)."""

from typing import Any

import jax.numpy as jnp
import optax
from jaxtyping import Array, Float

from mtrl.descent.aggregation import check_tasks, from_gramian
from mtrl.descent.gramian import norms, safe
from mtrl.numerics.checks import check_choice, check_positive, check_whole
from mtrl.numerics.errors import BadInput
from mtrl.numerics.optim.min_norm import MOST_TASKS, min_norm_exact, min_norm_frank_wolfe, min_norm_projected

SOLVERS = ("exact", "frank_wolfe", "projected")
NORMALISE = ("none", "l2", "loss", "loss+")


def mgda_weights(
    gram: Float[Array, "task task"], *, solver: str = "exact", iterations: int = 0, tolerance: Any = 1e-3
) -> Float[Array, " task"]:
    """`argmin_{w in simplex} w' M w`; at it every `g_t . d >= |d|^2`.

    Args:
      gram: M.
      solver: "exact" (at most 10 tasks; in closed form for two), "frank_wolfe" or "projected".
      iterations: of the two iterative ones; 0 for their defaults, 100 and 500.
      tolerance: step at which Frank-Wolfe stops.
    """
    if solver == "frank_wolfe":
        return min_norm_frank_wolfe(gram, iterations=iterations or 100, tolerance=tolerance)
    if solver == "projected":
        return min_norm_projected(gram, iterations=iterations or 500)
    if gram.shape[0] > 2:
        return min_norm_exact(gram)
    (a, b), (_, c) = gram
    gap = a - 2 * b + c  # |g_1 - g_2|^2
    first = jnp.where(gap > 0, jnp.clip((c - b) / jnp.where(gap > 0, gap, 1), 0, 1), 0.5)
    return jnp.stack([first, 1 - first])


def normalisers(gram: Float[Array, "task task"], losses: Any, *, normalise: str) -> Float[Array, " task"]:
    """What each gradient is multiplied by before MGDA weighs it: 1, `1 / |g|` ("l2"), `1 / L` ("loss"), `1 / (L |g|)` ("loss+").

    A gradient that vanishes, and a loss that does, leave theirs out.
    """
    parts = jnp.ones(gram.shape[0], gram.dtype)
    if normalise in ("l2", "loss+"):
        parts = parts / safe(norms(gram))
    if normalise in ("loss", "loss+"):
        parts = parts / safe(jnp.asarray(losses, gram.dtype))
    return parts


def mgda(
    *, tasks: int, solver: str = "exact", iterations: int = 0, tolerance: Any = 1e-3, normalise: str = "none"
) -> optax.GradientTransformationExtraArgs:
    """Aggregator of `mgda_weights`.

    Args:
      tasks: T.
      solver, iterations, tolerance: as in `mgda_weights`.
      normalise: of the gradients that are weighed, one of `NORMALISE` (Sener and Koltun's code); the weights then multiply the gradients as
        they are. The two that divide by the losses ask for `update(..., losses=)`.

    Raises:
      BadInput: an unknown solver or normalisation, or more than 10 tasks with the exact one.
    """
    check_choice("solver", solver, SOLVERS)
    check_whole(iterations=iterations, lower=0)
    check_positive(tolerance=tolerance)
    check_tasks(tasks)
    if solver == "exact" and tasks > MOST_TASKS:
        raise BadInput(f"tasks got {tasks}, but the exact solver takes at most {MOST_TASKS}; use solver='projected'")

    check_choice("normalise", normalise, NORMALISE)

    def weigh(gram, carry, key, scale, losses=None):
        by = normalisers(gram, losses, normalise=normalise)
        scaled = by[:, None] * gram * by[None, :]
        return mgda_weights(scaled, solver=solver, iterations=iterations, tolerance=tolerance), carry

    return from_gramian(weigh, tasks=tasks, by_loss=normalise in ("loss", "loss+"))
