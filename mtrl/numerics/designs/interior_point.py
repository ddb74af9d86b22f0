"""E- and XY-optimal designs to small gaps: the ladders of `e_optimal` and `xy_optimal` are cheap and stop near a gap of 1 %.

Both are the semidefinite program of `semidefinite`, whose cost is n d^4 / 4 operations a step for n points. Some 10 to 30 steps reach 1e-6;
below some 1e-8 rounding stops them, and the best weights so far are given with the gap that they have.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from mtrl.numerics.checks import check_whole
from mtrl.numerics.designs.certificate import CertifiedDesign, certify, check_tolerance, whiten
from mtrl.numerics.designs.e_optimal import check_distribution
from mtrl.numerics.designs.semidefinite import Point, Program, embed, follow, lengths
from mtrl.numerics.types import Scalar


def _judge_e(features: Array, shares: Array, member: Array) -> Callable[[Point], tuple[Array, Array]]:
    """`lambda_min(A) <= tr(U A) <= sum_j D(j) max_x x^T U x` for every U of trace one; as 1 / lambda_min."""

    def judge(point):
        dual = point.dual[0]
        weights = point.weights * (member @ (shares / (member.T @ point.weights)))
        least = jnp.linalg.eigvalsh((features.T * weights) @ features)[0]
        per_context = jnp.where(member > 0, lengths(features, dual)[:, None], -jnp.inf)
        top = shares @ jnp.max(per_context, axis=0) / jnp.trace(dual)
        return jnp.where(least > 0, 1 / least, jnp.inf), 1 / top

    return judge


def contextual_e_optimal(
    features: Float[Array, "context arm dim"],
    probabilities: Float[Array, " context"],
    *,
    iterations: int = 50,
    tolerance: Scalar = 1e-6,
) -> CertifiedDesign:
    """The policy of `e_optimal.contextual_e_optimal` to a small gap.

    Args:
      features: phi(s, a), which must span all dimensions; the value of others is NaN.
      probabilities: D(s), known or estimated; contexts that do not occur get some policy.
      iterations: most steps, static.
      tolerance: relative gap at which it stops.

    Returns:
      `CertifiedDesign` with weights (context, arm), value `1 / lambda_min`, and the bound below the best one.

    Raises:
      BadInput: probabilities that are negative or do not sum to one, no iteration, or a tolerance that the precision cannot reach.
    """
    check_whole(iterations=iterations)
    check_tolerance(tolerance, features.dtype)
    check_distribution("probabilities", probabilities)
    contexts, arms, dim = features.shape
    dtype = features.dtype
    size = jnp.max(jnp.linalg.norm(features, axis=-1))
    rows = (features / jnp.where(size > 0, size, 1)).reshape(-1, dim)
    member = jnp.repeat(jnp.eye(contexts, dtype=dtype), arms, axis=0)
    # A context of no share would leave nothing between its weights and zero; the value is that of the true shares.
    shares = jnp.maximum(probabilities, 1e-3 * jnp.finfo(dtype).eps ** 0.5)
    weights = member @ shares / arms
    values = jnp.linalg.eigvalsh((rows.T * weights) @ rows)
    rank = jnp.sum(values > dim * jnp.finfo(dtype).eps * values[-1]).astype(dtype)
    eye = jnp.eye(dim, dtype=dtype)[None]
    eta = jnp.full(contexts, 2 * jnp.max(jnp.sum(rows**2, axis=1)) / dim)
    start = Point(weights, -values[0] / 2, eye / dim, eta)
    program = Program(rows, member, shares, jnp.zeros_like(eye), eye)
    best, value, bound = follow(program, start, _judge_e(rows, probabilities, member), iterations, tolerance)
    best = best.reshape(contexts, arms)
    scale = jnp.where(rank == dim, size**2, jnp.nan)
    return certify(best / jnp.sum(best, 1, keepdims=True), value / scale, bound / scale, tolerance, rank)


def e_optimal(points: Float[Array, "arm dim"], *, iterations: int = 50, tolerance: Scalar = 1e-6) -> CertifiedDesign:
    """The design of `e_optimal.e_optimal` to a small gap; the same contract.

    Args:
      points: X, which must span all dimensions.
      iterations: most steps, static.
      tolerance: relative gap at which it stops.

    Raises:
      BadInput: no iteration, or a tolerance that the precision cannot reach.
    """
    found = contextual_e_optimal(points[None], jnp.ones(1, points.dtype), iterations=iterations, tolerance=tolerance)
    return found._replace(weights=found.weights[0])


def _judge_xy(rows: Array, idle: Array, y: Array) -> Callable[[Point], tuple[Array, Array]]:
    """`rho >= (sum_y y^T z_y)^2 / max_x sum_y (x^T z_y)^2 / mu_y` for all z and all mu of sum one, by Cauchy-Schwarz."""
    dim = rows.shape[1]

    def judge(point):
        weights = point.weights / jnp.sum(point.weights)
        factor = jnp.linalg.cholesky((rows.T * weights) @ rows + idle)
        value = jnp.max(jnp.sum(jax.scipy.linalg.solve_triangular(factor, y.T, lower=True) ** 2, axis=0))
        z, mu = point.dual[:, :dim, dim], point.dual[:, dim, dim]
        slopes = jnp.sum(mu) * jnp.max((rows @ z.T) ** 2 @ (1 / mu))
        return value, jnp.sum(y * z) ** 2 / jnp.where(slopes > 0, slopes, 1)

    return judge


def xy_optimal(
    points: Float[Array, "arm dim"],
    directions: Float[Array, "pair dim"],
    mask: Bool[Array, " pair"] | None = None,
    *,
    iterations: int = 50,
    tolerance: Scalar = 1e-6,
) -> CertifiedDesign:
    """The design of `xy_optimal.xy_optimal` to a small gap; the same contract. A block of d + 1 rows per direction: for tens of directions.

    Args:
      points: X, all of which may be measured; what they do not span is left out.
      directions: Y.
      mask: which directions count (all).
      iterations: most steps, static.
      tolerance: relative gap at which it stops.

    Returns:
      `CertifiedDesign` with value `max_y ||y||^2`, infinite where a direction has a part outside the span, and its lower bound.

    Raises:
      BadInput: no iteration, or a tolerance that the precision cannot reach.
    """
    check_whole(iterations=iterations)
    check_tolerance(tolerance, points.dtype)
    arms, dim = points.shape
    dtype = points.dtype
    size = jnp.max(jnp.abs(points))
    size = jnp.where(size > 0, size, 1)
    rows, change, kept = whiten(points / size)
    wanted = directions / size if mask is None else jnp.where(mask[:, None], directions / size, 0)
    y = wanted @ change
    outside = jnp.linalg.norm(wanted - y @ (rows.T @ (points / size)), axis=1)
    missed = jnp.any(outside > jnp.finfo(dtype).eps ** 0.5 * jnp.linalg.norm(wanted, axis=1))
    longest = jnp.max(jnp.sum(y**2, axis=1)) * arms  # the value of equal weights, A = I / n
    y = y / jnp.sqrt(jnp.where(longest > 0, longest, 1))
    idle = jnp.diag((~kept).astype(dtype))
    blocks = y.shape[0]
    edge = jnp.zeros((blocks, dim + 1, dim + 1), dtype)
    slope = edge.at[:, dim, dim].set(1)
    constant = embed(idle, edge).at[:, :dim, dim].set(y).at[:, dim, :dim].set(y)
    weights = jnp.full(arms, 1 / arms, dtype)
    s = jnp.asarray(2, dtype)
    information = (rows.T * weights) @ rows
    inverse = jnp.linalg.inv(constant + s * slope + embed(information, edge))
    dual = inverse / (blocks * inverse[:, dim, dim])[:, None, None]
    eta = 2 * jnp.max(lengths(rows, jnp.sum(dual, 0)[:dim, :dim]))
    program = Program(rows, jnp.ones((arms, 1), dtype), jnp.ones(1, dtype), constant, slope)
    start = Point(weights, s, dual, eta[None])
    best, value, bound = follow(program, start, _judge_xy(rows, idle, y), iterations, tolerance)
    value = jnp.where(missed, jnp.inf, value * longest)
    return certify(best / jnp.sum(best), value, bound * longest, tolerance, jnp.sum(kept).astype(dtype))
