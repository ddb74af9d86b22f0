"""LASSO `min_nu 1/2 ||W nu - w||_2^2 + lambda ||nu||_1` by FISTA, warm-started along a geometric path of lambda.

A cold start at a small lambda stalls: nearly every coordinate is active and the problem is flat in task - rank
directions. Coming down from `lambda_max`, where the solution is zero, the support grows by a few coordinates at a
time. Friedman, Hastie, Tibshirani 2010 (Journal of Statistical Software 33) for the path.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from mtrl.numerics.linalg.psd import solve_psd
from mtrl.numerics.optim.fista import fista
from mtrl.numerics.optim.proximal import soft_threshold
from mtrl.numerics.types import Scalar


class LassoSolution(NamedTuple):
    """Coefficients and their certificate."""

    point: Float[Array, " task"]  # nu
    gap: Float[Array, ""]  # duality gap over `||w||^2 / 2`, the objective at zero; NaN counts as not converged


class LassoPath(NamedTuple):
    """Solutions along the path, from large to small penalty."""

    penalties: Float[Array, " step"]  # lambda, geometric from lambda_max down
    coefficients: Float[Array, "step task"]  # nu at each lambda
    gap: Float[Array, " step"]  # relative duality gap of each solve


def lambda_max(design: Float[Array, "rank task"], response: Float[Array, " rank"]) -> Float[Array, ""]:
    """`||W^T w||_inf`: the solution is zero exactly for lambda at least this."""
    return jnp.max(jnp.abs(design.T @ response))


def lasso_gap(
    design: Float[Array, "rank task"], response: Float[Array, " rank"], nu: Float[Array, " task"], penalty: Scalar
) -> Float[Array, ""]:
    """Relative duality gap, from the multiple of the residual r that is best among the feasible ones, `||W^T r||_inf <= lambda`."""
    residual = response - design @ nu
    square, alignment = jnp.sum(residual**2), jnp.dot(response, residual)
    best = alignment / jnp.where(square > 0, square, 1)
    steepest = jnp.max(jnp.abs(design.T @ residual))
    scale = jnp.where(best * steepest > penalty, penalty / jnp.where(steepest > 0, steepest, 1), best)
    gap = square / 2 + penalty * jnp.sum(jnp.abs(nu)) - scale * (alignment - scale * square / 2)
    unit = jnp.sum(response**2) / 2
    return gap / jnp.where(unit > 0, unit, 1)


def lasso(
    design: Float[Array, "rank task"],
    response: Float[Array, " rank"],
    start: Float[Array, " task"],
    *,
    penalty: Scalar,
    iterations: int = 5000,
    gap: Scalar = 1e-8,
) -> LassoSolution:
    """One solve from `start`.

    Args:
      design: W.
      response: w.
      start: nu_0, e.g. the solution at a larger penalty.
      penalty: lambda in the units of `W^T w`. scikit-learn's `Lasso(alpha)` divides the squares by the number of rows:
        alpha = lambda / rank.
      iterations: at most (static).
      gap: relative duality gap at which to stop, or 100 machine epsilons where that is more.
    """
    lipschitz = jnp.linalg.norm(design, ord=2) ** 2
    goal = jnp.maximum(jnp.asarray(gap, design.dtype), 100 * float(jnp.finfo(design.dtype).eps))

    def gradient(nu):
        return design.T @ (design @ nu - response)

    def prox(nu, step):
        return soft_threshold(nu, step * penalty)

    def stop(nu):
        return lasso_gap(design, response, nu, penalty) <= goal

    nu = fista(gradient, prox, start, lipschitz=lipschitz, iterations=iterations, stop=stop).point
    return LassoSolution(nu, lasso_gap(design, response, nu, penalty))


def lasso_path(
    design: Float[Array, "rank task"],
    response: Float[Array, " rank"],
    *,
    ratio: Scalar,
    steps: int = 20,
    iterations: int = 5000,
    gap: Scalar = 1e-8,
) -> LassoPath:
    """Geometric path from lambda_max to `ratio * lambda_max`, each solve started at the one before.

    The problem is first scaled to `||W||_2 = ||w||_2 = 1` and the result scaled back, so that no square leaves the
    floating range.

    Args:
      design: W.
      response: w.
      ratio: last lambda over lambda_max, in (0, 1].
      steps: static number of penalties, 2 or more.
      iterations, gap: of each solve.
    """
    width = jnp.linalg.norm(design, ord=2)
    width = jnp.where(width > 0, width, 1)
    length = jnp.linalg.norm(response)
    length = jnp.where(length > 0, length, 1)
    unit_design, unit_response = design / width, response / length
    exponents = jnp.arange(steps, dtype=design.dtype) / (steps - 1)
    penalties = lambda_max(unit_design, unit_response) * jnp.asarray(ratio, design.dtype) ** exponents

    def step(nu, penalty):
        solved = lasso(unit_design, unit_response, nu, penalty=penalty, iterations=iterations, gap=gap)
        return solved.point, tuple(solved)

    start = jnp.zeros(design.shape[1], dtype=design.dtype)
    _, (coefficients, gaps) = jax.lax.scan(step, start, penalties)
    return LassoPath(penalties * width * length, coefficients * (length / width), gaps)


def refit(
    design: Float[Array, "rank task"], response: Float[Array, " rank"], support: Bool[Array, " task"], *, cutoff: Scalar
) -> Float[Array, " task"]:
    """Least squares on a support (debiasing), the minimum-norm one: `nu = W_S^T (W_S W_S^T)^+ w`, zero elsewhere.

    Args:
      design: W.
      response: w.
      support: the coordinates that may be non-zero.
      cutoff: eigenvalues of `W_S W_S^T` at most this fraction of the largest count as zero.
    """
    chosen = jnp.where(support, design, 0)
    dual, _ = solve_psd(chosen @ chosen.T, response, cutoff)
    return chosen.T @ dual
