"""Choice of (gamma, lam) by minimising the predicted error: no cross-validation (Tiomoko, Tiomoko Ali, Couillet, ICLR 2021).

The predicted error is not convex in (log gamma, log lam), hence a grid, refined by Nelder-Mead if wanted. For identity covariance it
flattens towards gamma, lam -> 0 at a fixed ratio (infinite regularisation turns the machine into a weighted matched filter, which is
optimal there), so the minimum often sits at the lower edge of the box: keep the box bounded.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Num

from mtrl.numerics.types import Scalar
from mtrl.random_matrix.classification_baselines import optimal, signed_midpoint
from mtrl.random_matrix.classification_theory import equivalent, mean_gram
from mtrl.random_matrix.couplings import coupling


class Tuned(NamedTuple):
    """The best point of a grid."""

    gamma: Float[Array, ""]
    lam: Float[Array, ""]
    error: Float[Array, ""]  # predicted
    errors: Float[Array, "gamma lam"]  # over the whole grid


class Simplex(NamedTuple):
    """The end of a Nelder-Mead search, host numbers."""

    gamma: np.ndarray  # (task,)
    lam: float
    error: float
    evaluations: int


def predicted_error(
    gram: Float[Array, "task task"],
    counts: Num[Array, "task 2"],
    gamma: Float[Array, " task"],
    lam: Scalar,
    *,
    dim: int,
    target: Scalar,
    optimise_labels: bool = True,
) -> Float[Array, ""]:
    """Predicted error of the target at (gamma, lam), with its optimal labels or with +-1 labels, mid-point threshold."""
    eq = equivalent(mean_gram(gram, counts), counts, coupling(gamma, lam), dim=dim)
    rule = optimal(eq, counts, target) if optimise_labels else signed_midpoint(eq, counts)
    return rule.error[target]


def tune_grid(
    predicted: Callable[[Float[Array, ""], Float[Array, ""]], Float[Array, ""]],
    *,
    gammas: Float[Array, " gamma"],
    lams: Float[Array, " lam"],
) -> Tuned:
    """Best point of a grid; `predicted(gamma, lam)` is vmapped over it. Points that are not finite are never chosen."""
    errors = jax.vmap(lambda g: jax.vmap(lambda x: predicted(g, x))(lams))(gammas)
    best = jnp.argmin(jnp.where(jnp.isfinite(errors), errors, jnp.inf))
    row, column = jnp.unravel_index(best, errors.shape)
    return Tuned(gammas[row], lams[column], errors[row, column], errors)


def tune_simplex(
    predicted: Callable[[np.ndarray, float], float],
    gamma: np.ndarray,
    lam: float,
    *,
    low: float = 1e-3,
    high: float = 1e3,
    max_evaluations: int = 400,
) -> Simplex:
    """Nelder-Mead on (log gamma_1, .., log gamma_k, log lam) inside a box; runs on the host.

    Args:
      predicted: (gamma (task,), lam) -> predicted error, usually jitted.
      gamma, lam: start, inside the box.
      low, high: bounds of every parameter.
      max_evaluations: cap on calls of `predicted`.
    """
    from scipy.optimize import minimize

    start = np.log(np.clip(np.append(gamma, lam), low, high))
    found = minimize(
        lambda x: float(predicted(np.exp(x[:-1]), float(np.exp(x[-1])))),
        start,
        method="Nelder-Mead",
        bounds=[(np.log(low), np.log(high))] * start.size,
        options=dict(maxfev=max_evaluations, xatol=1e-3, fatol=1e-7),
    )
    return Simplex(np.exp(found.x[:-1]), float(np.exp(found.x[-1])), float(found.fun), int(found.nfev))
