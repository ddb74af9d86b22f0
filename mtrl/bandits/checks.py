"""Checks at the boundary: what a problem and a configuration must satisfy before anything is traced."""

import math
import warnings
from collections.abc import Sequence

import jax
import numpy as np
from numpy.typing import ArrayLike

from mtrl.numerics.errors import BadInput


def check_sizes(*, tasks: int, rank: int, width: int, arms: int = 2) -> None:
    """Check M, k, the width that k must fit in (input dimension or hidden width), and the number of arms.

    Raises:
      BadInput: M < 1, k < 1, k > width or fewer than two arms.
    """
    if tasks < 1:
        raise BadInput(f"tasks (M) got {tasks}, but must be at least 1; M = 1 is the single-task bandit")
    if rank < 1 or rank > width:
        raise BadInput(
            f"rank (k) got {rank}, but must lie between 1 and the width {width}; lower it or widen the inputs"
        )
    if arms < 2:
        raise BadInput(f"arms (A) got {arms}, but a choice needs at least 2")


def check_radius(**radii: ArrayLike) -> None:
    """Check confidence radii and their multipliers (beta, alpha, scale); traced values are not known yet and pass.

    Raises:
      BadInput: one is negative or not a number.
    """
    for name, value in radii.items():
        if not isinstance(value, jax.core.Tracer) and not np.all(np.asarray(value, dtype=float) >= 0.0):
            raise BadInput(f"{name} got {value}, but a confidence radius is a number of at least 0; 0 acts greedily")


def check_bounds(
    features: ArrayLike, heads: ArrayLike, *, feature_bound: float = 1.0, head_bound: float = math.inf
) -> None:
    """Warn when features or heads leave the norms which the confidence radius assumes.

    Args:
      features: (..., k) representations, assumed `||phi|| <= feature_bound`.
      heads: (M, k) parameters, assumed `||theta_i|| <= head_bound`.
      feature_bound, head_bound: the declared bounds.
    """
    for name, array, bound in (("feature", features, feature_bound), ("parameter", heads, head_bound)):
        largest = float(np.max(np.linalg.norm(np.asarray(array, dtype=float), axis=-1)))
        if largest > bound * (1.0 + 1e-6):
            warnings.warn(
                f"{name} norm reaches {largest:.4g}, above the declared bound {bound:.4g}, so the confidence radius is not valid",
                stacklevel=2,
            )


def check_heads(contexts: ArrayLike, heads: ArrayLike) -> None:
    """Check that the arms' task axis fits the table of heads.

    Args:
      contexts: (task, arm, dim).
      heads: (task, rank).

    Raises:
      BadInput: another number of axes or of tasks.
    """
    shape, table = np.shape(contexts), np.shape(heads)
    if len(shape) != 3 or len(table) != 2 or shape[0] != table[0]:
        raise BadInput(
            f"arms of shape {shape} do not fit heads of shape {table}; give (task, arm, dim) and (task, rank) with the same tasks"
        )


def check_refit(refit_every: int, rounds: int) -> None:
    """Check the refit period of the neural bandits.

    Raises:
      BadInput: the network would never be fitted, or the period is not positive.
    """
    if refit_every < 1:
        raise BadInput(f"refit_every got {refit_every}, but must be at least 1 round")
    if refit_every > rounds:
        raise BadInput(
            f"refit_every got {refit_every} in {rounds} rounds, so the network would never be fitted; lower it to at most {rounds}"
        )


def check_choice(name: str, value: str, choices: Sequence[str]) -> None:
    """Check a named choice.

    Raises:
      BadInput: the name is unknown; the message lists the known ones.
    """
    if value not in choices:
        raise BadInput(f"{name} got '{value}', but takes one of {', '.join(choices)}")


def check_explore_commit(explore: float, identify: float, rounds: int, dim: int) -> None:
    """Check the stage lengths of explore-explore-then-commit.

    Raises:
      BadInput: N1 + N2 >= T leaves nothing to commit to, or N1 < d cannot see every direction.
    """
    if explore < dim:
        raise BadInput(
            f"N1 got {explore:g} rounds, but estimating a subspace needs at least d = {dim} per task; lengthen the horizon or set N1"
        )
    if explore + identify >= rounds:
        raise BadInput(
            f"N1 + N2 got {explore:g} + {identify:g} in T = {rounds} rounds, which leaves none to commit; lengthen T or shorten the stages"
        )


def check_survivors(slack: ArrayLike, residuals: ArrayLike, beta: float) -> None:
    """Check that some candidate representation survives the confidence set.

    Args:
      slack: (candidate,) what is left of beta after the projection residual.
      residuals: (candidate,) projection residuals.
      beta: squared radius.

    Raises:
      BadInput: none survives; names the smallest residual and beta.
    """
    if not np.any(np.asarray(slack) >= 0.0):
        smallest = float(np.min(np.asarray(residuals)))
        raise BadInput(
            f"no candidate representation survives: the smallest residual is {smallest:.4g} and beta is {beta:.4g}; raise beta"
        )
