"""Predicted error of the target, and the choice of (gamma, lam) that minimises it: no cross-validation (Tiomoko et al., ICLR 2021).

The predicted error is not convex in (log gamma, log lam), hence a grid, refined by Nelder-Mead if wanted. For identity covariance it
flattens towards gamma, lam -> 0 at a fixed ratio (infinite regularisation turns the machine into a weighted matched filter, which is
optimal there), so the minimum often sits at the lower edge of the box: keep the box bounded.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from numpy.typing import ArrayLike as Listed

from mtrl.numerics.checks import check_nonnegative, check_positive, check_whole
from mtrl.numerics.types import Scalar
from mtrl.random_matrix.classification.baselines import apply_rule
from mtrl.random_matrix.classification.problem import Table, floating
from mtrl.random_matrix.classification.theory import Square, mean_gram, score_equivalent
from mtrl.random_matrix.couplings import coupling


class GridChoice(NamedTuple):
    """The best point of a grid."""

    gamma: Float[Array, ""]
    lam: Float[Array, ""]
    error: Float[Array, ""]  # predicted
    errors: Float[Array, "gamma lam"]  # over the whole grid


class SimplexChoice(NamedTuple):
    """The end of a Nelder-Mead search, host numbers."""

    gamma: np.ndarray  # (task,)
    lam: float
    error: float
    evaluations: int


def predicted_error(
    gram: Square,
    counts: Table,
    gamma: Listed,
    lam: Scalar,
    *,
    dim: int,
    target: Scalar,
    rule: str = "optimal",
) -> Float[Array, ""]:
    """Predicted error of the target task at (gamma, lam), for identity covariance.

    Args:
      gram: Gram matrix dmu_i . dmu_j of the mean differences (`gram_corrected` estimates it).
      counts: n_ij.
      gamma: strengths of the task-specific parts, one for all tasks or one each.
      lam: strength of the shared part.
      dim: p.
      target: index of the task.
      rule: one of `RULES`.
    """
    gram = floating(gram)
    check_whole(lower=0, upper=gram.shape[0] - 1, target=target)
    gamma = jnp.broadcast_to(jnp.asarray(gamma, gram.dtype), gram.shape[:1])
    eq = score_equivalent(mean_gram(gram, counts), counts, coupling(gamma, lam), dim=dim)
    return apply_rule(eq, counts, rule, target=target).error[target]


def tune(
    gram: Square,
    counts: Table,
    *,
    dim: int,
    target: Scalar,
    gammas: Listed,
    lams: Listed,
    rule: str = "optimal",
) -> GridChoice:
    """The point of the grid gammas x lams (gamma common to all tasks) with the smallest predicted error; arguments as there."""
    gram, gammas, lams = (floating(x) for x in (gram, gammas, lams))
    check_nonnegative(gammas=gammas, lams=lams)
    return tune_grid(
        lambda gamma, lam: predicted_error(gram, counts, gamma, lam, dim=dim, target=target, rule=rule),
        gammas=gammas,
        lams=lams,
    )


def tune_grid(
    predicted: Callable[[Float[Array, ""], Float[Array, ""]], Float[Array, ""]],
    *,
    gammas: Float[Array, " gamma"],
    lams: Float[Array, " lam"],
) -> GridChoice:
    """Best point of a grid; `predicted(gamma, lam)` is vmapped over it. Points that are not finite are never chosen."""
    errors = jax.vmap(lambda g: jax.vmap(lambda x: predicted(g, x))(lams))(gammas)
    best = jnp.argmin(jnp.where(jnp.isfinite(errors), errors, jnp.inf))
    row, column = jnp.unravel_index(best, errors.shape)
    return GridChoice(gammas[row], lams[column], errors[row, column], errors)


def tune_simplex(
    predicted: Callable[[np.ndarray, float], float],
    gamma: np.ndarray,
    lam: float,
    *,
    low: float = 1e-3,
    high: float = 1e3,
    max_evaluations: int = 400,
) -> SimplexChoice:
    """Nelder-Mead on (log gamma_1, .., log gamma_k, log lam) inside a box; runs on the host.

    Args:
      predicted: (gamma (task,), lam) -> predicted error, usually jitted.
      gamma, lam: start, inside the box.
      low, high: bounds of every parameter.
      max_evaluations: cap on calls of `predicted`.
    """
    from scipy.optimize import minimize

    check_positive(low=low, high=high, gamma=gamma, lam=lam)
    start = np.log(np.clip(np.append(gamma, lam), low, high))
    found = minimize(
        lambda x: float(predicted(np.exp(x[:-1]), float(np.exp(x[-1])))),
        start,
        method="Nelder-Mead",
        bounds=[(np.log(low), np.log(high))] * start.size,
        options=dict(maxfev=max_evaluations, xatol=1e-3, fatol=1e-7),
    )
    return SimplexChoice(np.exp(found.x[:-1]), float(np.exp(found.x[-1])), float(found.fun), int(found.nfev))
