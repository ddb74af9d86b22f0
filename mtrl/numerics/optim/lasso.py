"""LASSO `min_nu 1/2 ||W nu - w||_2^2 + lambda ||nu||_1` with few rows and many columns, to a duality gap.

First-order methods stall here: at a small lambda the problem is flat in task - rank directions. The dual lives in `rank` dimensions,
so its augmented Lagrangian is minimised by Newton steps with `rank` unknowns (Li, Sun, Toh 2018, SIAM J. Optimization 28); for a
polyhedral problem both loops end after finitely many steps.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from mtrl.numerics.linalg.psd import solve_psd
from mtrl.numerics.optim.proximal import soft_threshold
from mtrl.numerics.types import Scalar


class LassoFit(NamedTuple):
    """Coefficients and their certificate."""

    coefficients: Float[Array, " task"]  # nu, exactly zero off its support; NaN where the data are not finite
    gap: Float[Array, ""]  # duality gap over `||w||^2 / 2`, the objective at zero; 0 iff optimal


def lambda_max(design: Float[Array, "rank task"], response: Float[Array, " rank"]) -> Float[Array, ""]:
    """`||W^T w||_inf`: the solution is zero exactly for lambda at least this."""
    return jnp.max(jnp.abs(design.T @ response))


def lasso_gap(
    design: Float[Array, "rank task"], response: Float[Array, " rank"], nu: Float[Array, " task"], penalty: Scalar
) -> Float[Array, ""]:
    """Duality gap over `||w||^2 / 2`, from the multiple of the miss r that is best among the feasible ones, `||W^T r||_inf <= lambda`.

    The objective at nu is above the optimum by no more than this; zero iff nu is optimal.
    """
    miss = response - design @ nu
    square, alignment = jnp.sum(miss**2), jnp.dot(response, miss)
    best = alignment / jnp.where(square > 0, square, 1)
    steepest = jnp.max(jnp.abs(design.T @ miss))
    scale = jnp.where(best * steepest > penalty, penalty / jnp.where(steepest > 0, steepest, 1), best)
    gap = square / 2 + penalty * jnp.sum(jnp.abs(nu)) - scale * (alignment - scale * square / 2)
    unit = jnp.sum(response**2) / 2
    return gap / jnp.where(unit > 0, unit, 1)


def lasso(
    design: Float[Array, "rank task"],
    response: Float[Array, " rank"],
    *,
    penalty: Scalar,
    tolerance: Scalar | None = None,
    iterations: int = 60,
    newton: int = 30,
) -> LassoFit:
    """Minimiser at one penalty, stopped at a duality gap.

    The default reaches coefficients within 1e-6 of the exact ones (64 bits; 1e-2 in 32 bits) for condition numbers of W up to 40.

    Args:
      design: W. Scaled inside, so that no square leaves the floating range.
      response: w.
      penalty: lambda in the units of `W^T w`. scikit-learn's `Lasso(alpha)` divides the squares by the number of rows:
        alpha = lambda / rank.
      tolerance: of the gap, relative to `||w||^2 / 2`; None for 1e-11, in 32 bits 1e-5.
      iterations: most updates of the multiplier nu.
      newton: most Newton steps in each.
    """
    dtype = design.dtype
    eps = float(jnp.finfo(dtype).eps)
    tolerance = max(1e-11, 100 * eps) if tolerance is None else tolerance
    width, length = jnp.linalg.norm(design, ord=2), jnp.linalg.norm(response)
    width, length = jnp.where(width > 0, width, 1), jnp.where(length > 0, length, 1)
    design, response = design / width, response / length
    penalty = (penalty / width / length).astype(dtype)
    eye, lengths = jnp.eye(response.size, dtype=dtype), 2.0 ** -jnp.arange(12, dtype=dtype)

    def multiplier(carry):
        nu, u, weight, _, count = carry
        sigma = jnp.minimum(weight, min(1e6, 0.01 / eps)).astype(dtype)

        def shrunk(u):
            return soft_threshold(nu - sigma * (design.T @ u), sigma * penalty)

        def value(u):
            return u @ u / 2 + response @ u + jnp.sum(shrunk(u) ** 2) / (2 * sigma)

        def step(carry):
            u, _, count = carry
            z = shrunk(u)
            gradient = u + response - design @ z
            active = jnp.where(z != 0, design, 0)
            direction = -jnp.linalg.solve(eye + sigma * active @ active.T, gradient)
            values = jax.vmap(lambda t: value(u + t * direction))(lengths)
            enough = values <= value(u) + 1e-4 * lengths * (gradient @ direction)
            first = jnp.where(jnp.any(enough), jnp.argmax(enough), jnp.argmin(values))
            return u + lengths[first] * direction, jnp.linalg.norm(gradient), count + 1

        start = (u, jnp.asarray(jnp.inf, dtype), 0)
        u = jax.lax.while_loop(lambda carry: (carry[1] > eps) & (carry[2] < newton), step, start)[0]
        new = shrunk(u)
        return new, u, 3 * weight, lasso_gap(design, response, new, penalty), count + 1

    zero = jnp.zeros(design.shape[1], dtype)
    first = (zero, -response, jnp.ones((), dtype), lasso_gap(design, response, zero, penalty), 0)
    nu, _, _, gap, _ = jax.lax.while_loop(
        lambda carry: (carry[3] > tolerance) & (carry[4] < iterations), multiplier, first
    )
    return LassoFit(jnp.where(jnp.isfinite(gap), nu * (length / width), jnp.nan).astype(dtype), gap)


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
