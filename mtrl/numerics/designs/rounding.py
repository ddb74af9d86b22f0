"""From real shares to whole numbers: water-filling of a floor and largest remainders without loops, and roundings that keep a design good.

A design's rounding has a guarantee `A(c)/n >= (1 - loss) A(lambda)`: `efficient_apportionment` loses at most s/n for a support of s points,
`regret_rounding` a multiple of sqrt(d/n) whatever the support.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from mtrl.numerics.checks import check_whole, known
from mtrl.numerics.designs.certificate import whiten
from mtrl.numerics.errors import BadInput
from mtrl.numerics.types import Scalar

DROPPED = 1e-6  # weights below this are no part of a design's support


def largest_remainder(quotas: Float[Array, " task"], total: Scalar) -> Int[Array, " task"]:
    """Whole numbers that sum to `total`: quotas rounded down, what is left goes to the largest remainders.

    Args:
      quotas: non-negative, summing to `total` up to rounding.
      total: whole number (may be traced).

    Returns:
      Counts; ties go to the task with the smaller index.
    """
    base = jnp.floor(quotas)
    order = jnp.argsort(-(quotas - base), stable=True)
    place = jnp.zeros(order.shape, jnp.int32).at[order].set(jnp.arange(order.size, dtype=jnp.int32))
    left = jnp.asarray(total).astype(jnp.int32) - jnp.sum(base.astype(jnp.int32), dtype=jnp.int32)
    # `left` is 0..tasks-1 in exact arithmetic; floor division also covers quotas that missed the total by rounding.
    return base.astype(jnp.int32) + left // order.size + (place < left % order.size).astype(jnp.int32)


def water_fill(shares: Float[Array, " task"], total: Scalar, floor: Scalar) -> Float[Array, " task"]:
    """Quotas `max(scale * share_t, floor)` with the one scale for which they sum to `total`.

    Tasks whose proportional part is under the floor are set to it; the rest divide what is left in proportion to their
    shares. With the shares sorted, the tasks above the floor are a prefix: its length is found from prefix sums.

    Args:
      shares: non-negative, any scale; all zero means equal quotas.
      total: at least `tasks * floor` (check on the host: below it some quota is under the floor).
      floor: smallest quota, >= 0.
    """
    tasks, dtype = shares.shape[0], shares.dtype
    total, floor = jnp.asarray(total).astype(dtype), jnp.asarray(floor).astype(dtype)
    top = jnp.max(shares)
    normal = shares / jnp.where(top > 0, top, 1)  # no overflow or underflow, whatever the scale of the shares
    sorted_shares = -jnp.sort(-normal)
    free = total - jnp.arange(tasks - 1, -1, -1).astype(dtype) * floor
    scales = free / jnp.cumsum(sorted_shares)  # the scale if exactly the m largest stand above the floor
    above = jnp.sum(scales * sorted_shares >= floor)
    scale = scales[jnp.maximum(above, 1) - 1]
    filled = jnp.maximum(jnp.where(normal > 0, scale * normal, 0), floor)
    return jnp.where(top > 0, filled, total / tasks)


def apportion(shares: Float[Array, " task"], total: Scalar, floor: Scalar) -> Int[Array, " task"]:
    """Whole numbers proportional to `shares`, none under `floor`, summing to `total` exactly.

    The floor is water-filled first (`water_fill`), then largest remainders: ([.5, .3, .2, 0], 101, floor 3) gives
    [49, 29, 20, 3]. Precondition: `total >= tasks * floor`.
    """
    return largest_remainder(water_fill(shares, total, floor), total)


def support(weights: Float[Array, " arm"], cutoff: Scalar = DROPPED) -> Int[Array, ""]:
    """Number of points with a weight of at least the cutoff."""
    return jnp.sum(weights >= cutoff)


def check_enough(weights: Array, total: Scalar, cutoff: float = DROPPED) -> None:
    """Check that there is a sample for every point of the support; traced values pass.

    Raises:
      BadInput: there are fewer.
    """
    shares, count = known(weights), known(total)
    if shares is not None and count is not None and count < (shares >= cutoff).sum():
        needed = int((shares >= cutoff).sum())
        raise BadInput(
            f"total got {int(count)}, but the design has {needed} points and each needs a sample; take at least {needed}"
        )


def efficient_apportionment(
    weights: Float[Array, " arm"], total: Scalar, *, cutoff: float = DROPPED
) -> Int[Array, " arm"]:
    """Whole samples from a design (Pukelsheim and Rieder 1992, Biometrika 79): `A(c)/n >= (1 - s/n) A(lambda)` for s points.

    `c_i = ceil((n - s/2) lambda_i)` on the support, then one more to the smallest `c_i / lambda_i`, or one less to the largest
    `(c_i - 1) / lambda_i`, until they sum to n: at most s steps, which the loop takes whatever the data.

    Args:
      weights: lambda.
      total: n, whole and at least s; may be traced.
      cutoff: weights below it are dropped first, the others rescaled.

    Raises:
      BadInput: fewer samples than points.
    """
    check_enough(weights, total, cutoff)
    kept = weights >= cutoff
    shares = jnp.where(kept, weights, 0)
    shares = shares / jnp.sum(shares)
    size = jnp.sum(kept).astype(weights.dtype)
    whole = jnp.asarray(total)
    whole = whole if jnp.issubdtype(whole.dtype, jnp.integer) else whole.astype(int)
    counts = jnp.ceil((whole.astype(weights.dtype) - size / 2) * shares).astype(whole.dtype)
    safe = jnp.where(kept, shares, 1)

    def adjust(_, counts):
        left = whole - jnp.sum(counts)
        real = counts.astype(weights.dtype)
        more = jnp.argmin(jnp.where(kept, real / safe, jnp.inf))
        less = jnp.argmax(jnp.where(kept, (real - 1) / safe, -jnp.inf))
        return counts.at[jnp.where(left > 0, more, less)].add(jnp.sign(left).astype(counts.dtype))

    return jax.lax.fori_loop(0, weights.shape[0], adjust, counts)


def regret_rounding(
    points: Float[Array, "arm dim"], weights: Float[Array, " arm"], total: Scalar
) -> Int[Array, " arm"]:
    """Whole samples from a design by regret minimisation, with repetition (Allen-Zhu, Li, Singh and Wang 2017, ICML, Algorithm 1).

    In the coordinates where `n A(lambda) = I`, sample t is the point of the largest `<F, Q^2> / (1 + alpha <F, Q>)`, `F = x x^T`,
    `Q = (c I + alpha sum_{s<t} F_s)^{-1}`, c such that `tr Q^2 = 1`, `alpha = sqrt(d) / eps` and `eps = sqrt(5 d / n)`. The result has
    `A(c)/n >= (1 - loss) A(lambda)` with `loss = 1 - n / (n + alpha sqrt(d)) + 2 sqrt(d) / alpha <= 3 eps`; with eps = zeta / 6 that is the
    (1 + zeta)-approximation from `n = 180 d / zeta^2` samples on.

    Args:
      points: X, one of which is chosen at a time; n steps with an eigendecomposition each.
      weights: lambda, whose support spans what the points span.
      total: n, whole; may be traced.

    Raises:
      BadInput: no sample.
    """
    check_whole(total=total)
    whole = jnp.asarray(total)
    whole = whole if jnp.issubdtype(whole.dtype, jnp.integer) else whole.astype(int)
    real = whole.astype(points.dtype)
    _, change, kept = whiten(points * jnp.sqrt(weights)[:, None])
    rows = points @ change / jnp.sqrt(real)
    alpha = jnp.sqrt(real / 5)
    top = jnp.finfo(points.dtype).max ** 0.25

    def choose(_, state):
        gathered, counts = state
        values, vectors = jnp.linalg.eigh(gathered + jnp.diag(jnp.where(kept, 0, top)).astype(points.dtype))
        raised = alpha * values

        def newton(_, shift):
            inverse = 1 / (shift + raised)
            return shift + (jnp.sum(inverse**2) - 1) / (2 * jnp.sum(inverse**3))

        # The trace is convex and falls in c: from the left, where it is at least one, Newton's steps never pass the root.
        shift = jax.lax.fori_loop(0, 10, newton, 1 - raised[0])
        inverse = 1 / (shift + raised)
        squares = (rows @ vectors) ** 2
        score = (squares @ inverse**2) / (1 + alpha * (squares @ inverse))
        i = jnp.argmax(score)
        return gathered + jnp.outer(rows[i], rows[i]), counts.at[i].add(1)

    dim = points.shape[1]
    start = jnp.zeros((dim, dim), points.dtype), jnp.zeros(points.shape[0], whole.dtype)
    return jax.lax.fori_loop(0, whole, choose, start)[1]
