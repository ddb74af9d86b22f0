"""XY-optimal design: points to measure so that differences Y are known best, `rho(Y) = min_lambda max_y ||y||^2_{A(lambda)^-1}`.

The transductive design of best-arm identification (Soare, Lazaric and Munos 2014; Fiez, Jain, Jamieson and Ratliff 2019): Y are there the
differences of the arms still in play.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from mtrl.numerics.checks import check_choice, check_whole
from mtrl.numerics.designs.certificate import CUTOFF, CertifiedDesign, certify, check_tolerance, uniform_weights, whiten
from mtrl.numerics.linalg.psd import pinv_psd
from mtrl.numerics.types import Scalar

METHODS = ("multiplicative", "frank_wolfe")
LADDER = (1.0, 4.0, 16.0, 64.0, 128.0)


def xy_optimal(
    points: Float[Array, "arm dim"],
    directions: Float[Array, "pair dim"],
    mask: Bool[Array, " pair"] | None = None,
    *,
    method: str = "multiplicative",
    iterations: int = 200,
    ridge: Scalar = 1e-9,
    tolerance: Scalar = 2e-2,
) -> CertifiedDesign:
    """The XY-optimal design over rows x for the rows y.

    `multiplicative`: on the ladder q = 1, 4, 16, 64, 128 the weights `mu_y ~ v_y^{q-1}`, `v_y = ||y||^2_{A^-1}`, and
    `lambda_x <- lambda_x G_x^{1/(q+1)}` with `G_x = sum_y mu_y (x^T A^-1 y)^2`. `frank_wolfe`: the worst y, the best x for it, the step
    2/(t + 2) (the published code of Fiez et al.); as many steps in all, and mu how often each y was the worst.

    Certificate: for every positive semidefinite P and weights mu, with `L = sum_y mu_y y^T P y` and `G_x = sum_y mu_y (x^T P y)^2`,
    `L^2 / max_x G_x <= rho(Y)` by Cauchy-Schwarz. The best bound and the best weights of all steps are kept.

    Args:
      points: X, all of which may be measured; what they do not span is left out.
      directions: Y.
      mask: which directions count (all); fixed shapes for sets that shrink. With none, every design has the value 0.
      method: one of `METHODS`.
      iterations: static number of steps per rung.
      ridge: added to A in the steps and the bounds, in the coordinates where `sum_x x x^T = I`, as a share of 1/n: active differences may
        span less than R^d, and weights then vanish. The value that is returned is without it.
      tolerance: largest relative gap that counts as converged.

    Returns:
      `CertifiedDesign` with value `max_y ||y||^2` (infinite for a direction that the weights do not see) and its lower bound.

    Raises:
      BadInput: an unknown method, no iteration, or a tolerance that the precision cannot reach.
    """
    check_choice("method", method, METHODS)
    check_whole(iterations=iterations)
    check_tolerance(tolerance, points.dtype)
    dtype = points.dtype
    size = jnp.max(jnp.abs(points))
    size = jnp.where(size > 0, size, 1)
    rows, change, kept = whiten(points / size)
    y = (directions / size) @ change
    active = jnp.ones(y.shape[0], bool) if mask is None else mask
    y = jnp.where(active[:, None], y, 0)
    least = jnp.asarray(jnp.maximum(ridge, 8 * rows.shape[0] * jnp.finfo(dtype).eps), dtype) / rows.shape[0]

    def measure(weights):
        """v_y and x^T P y with `P = (A + ridge I)^-1`."""
        information = (rows.T * weights) @ rows
        regular = information + least * jnp.eye(rows.shape[1], dtype=dtype)
        # The factor's inverse is small; a triangular solve with hundreds of right-hand sides takes XLA's CPU far longer than the product.
        inverse = jnp.linalg.inv(jnp.linalg.cholesky(regular))
        left, right = inverse @ rows.T, inverse @ y.T
        return jnp.sum(right**2, axis=0), left.T @ right

    def bound_of(mu, v, cross):
        slopes = cross**2 @ mu
        top = jnp.max(slopes)
        return slopes, (mu @ v) ** 2 / jnp.where(top > 0, top, 1)

    def keep(weights, v, bound, best, value, lower):
        top = jnp.max(v)
        return jnp.where(top < value, weights, best), jnp.minimum(top, value), jnp.maximum(bound, lower)

    def raise_weights(power, state):
        weights, best, value, lower = state
        v, cross = measure(weights)
        top = jnp.max(v)
        mu = jnp.where(active, (v / jnp.where(top > 0, top, 1)) ** (power - 1), 0)
        mu = mu / jnp.maximum(jnp.sum(mu), jnp.finfo(dtype).tiny)
        slopes, bound = bound_of(mu, v, cross)
        steepest = jnp.max(slopes)
        raised = weights * (slopes / jnp.where(steepest > 0, steepest, 1)) ** (1 / (power + 1))
        total = jnp.sum(raised)
        moved = jnp.where(total > 0, raised / jnp.where(total > 0, total, 1), weights)
        return moved, *keep(weights, v, bound, best, value, lower)

    def frank_wolfe(t, state):
        (weights, best, value, lower), mu = state
        v, cross = measure(weights)
        worst = jax.nn.one_hot(jnp.argmax(v), v.shape[0], dtype=dtype)
        share = 2 / (t.astype(dtype) + 3)
        mu = (1 - share) * mu + share * worst  # how often each direction was the worst: the weights of the bound
        _, bound = bound_of(mu, v, cross)
        towards = jax.nn.one_hot(jnp.argmax(cross**2 @ worst), weights.shape[0], dtype=dtype)
        moved = (1 - share) * weights + share * towards
        return (moved, *keep(weights, v, bound, best, value, lower)), mu

    start = uniform_weights(points, directions, points=points.shape[0])
    state = (start, start, jnp.asarray(jnp.inf, dtype), jnp.asarray(0, dtype))
    if method == "frank_wolfe":
        even = active.astype(dtype) / jnp.maximum(jnp.sum(active), 1).astype(dtype)
        state, _ = jax.lax.fori_loop(0, iterations * len(LADDER), frank_wolfe, (state, even))
    else:

        def rung(state, power):
            return jax.lax.fori_loop(0, iterations, lambda _, s: raise_weights(power, s), state), None

        state, _ = jax.lax.scan(rung, state, jnp.asarray(LADDER, dtype))
    weights, best, value, lower = state
    v, _ = measure(weights)
    best, _, _ = keep(weights, v, lower, best, value, lower)
    rank = jnp.sum(kept).astype(dtype)
    return certify(best, spread(rows, y, best), lower, tolerance, rank)


def spread(
    points: Float[Array, "arm dim"], directions: Float[Array, "pair dim"], weights: Float[Array, " arm"]
) -> Float[Array, ""]:
    """`max_y ||y||^2_{A(weights)^+}`, infinite where a direction has a part that the weights do not see."""
    information = (points.T * weights) @ points
    cutoff = max(CUTOFF, 8 * points.shape[0] * float(jnp.finfo(points.dtype).eps))
    seen = directions @ pinv_psd(information, cutoff)
    missed = jnp.linalg.norm(directions - seen @ information, axis=1)
    length = jnp.linalg.norm(directions, axis=1)
    v = jnp.sum(seen * directions, axis=1)
    return jnp.max(jnp.where(missed > jnp.sqrt(jnp.asarray(cutoff, points.dtype)) * length, jnp.inf, v))
