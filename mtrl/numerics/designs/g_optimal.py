"""D- and G-optimal design: `min_lambda max_x ||x||^2_{A(lambda)^-1}` with `A(lambda) = sum_x lambda(x) x x^T`.

Kiefer and Wolfowitz (1960, Canadian Journal of Mathematics 12): the minimum is d, and the designs that reach it are those of the largest
`log det A(lambda)`. So `max_x ||x||^2 - d` certifies a design for both criteria.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from mtrl.numerics.checks import check_choice, check_whole
from mtrl.numerics.designs.certificate import (
    CertifiedDesign,
    certify,
    check_tolerance,
    uniform_weights,
    whiten,
)
from mtrl.numerics.types import Scalar

METHODS = ("fedorov_wynn", "multiplicative")
REFRESH = 25  # rank-one updates between two exact inverses


def g_optimal(
    points: Float[Array, "arm dim"],
    *,
    method: str = "fedorov_wynn",
    iterations: int = 2000,
    tolerance: Scalar = 1e-6,
) -> CertifiedDesign:
    """The D- and G-optimal design over rows x.

    `fedorov_wynn` moves weight to the point of the largest `v_x = ||x||^2_{A^-1}`, or away from the point of the smallest v in the support
    when that is further from d. The step `(v/d - 1) / (v - 1)` is the best one for log det (Fedorov 1972; Wynn 1970), and an away step ends
    where its weight is zero (Atwood 1973; linear convergence by Ahipasaoglu, Sun and Todd 2008). `multiplicative` sets
    `lambda_x <- lambda_x v_x / d`, which never lowers log det (Silvey, Titterington and Torsney 1978), and converges sublinearly.

    Args:
      points: X; where they span r < d dimensions the design is the best one for their span, and r stands for d.
      method: one of `METHODS`.
      iterations: static number of steps (rounded up to a multiple of 25 for `fedorov_wynn`).
      tolerance: largest relative gap `max_x v_x / d - 1` that counts as converged.

    Returns:
      `CertifiedDesign` with value `max_x v_x` and bound d.

    Raises:
      BadInput: an unknown method, no iteration, or a tolerance that the precision cannot reach.
    """
    check_choice("method", method, METHODS)
    check_whole(iterations=iterations)
    check_tolerance(tolerance, points.dtype)
    rows, _, kept = whiten(points)
    rank = jnp.sum(kept).astype(points.dtype)
    idle = jnp.diag((~kept).astype(points.dtype))  # the dimensions that no point has stay out of every inverse

    def inverse(weights):
        return jnp.linalg.inv((rows.T * weights) @ rows + idle)

    def lengths(inverted):
        return jnp.sum((rows @ inverted) * rows, axis=1)

    def multiply(weights, _):
        raised = weights * lengths(inverse(weights))
        return raised / jnp.sum(raised), None

    def exchange(_, state):
        weights, v, inverted = state
        support = weights > 0
        up, down = jnp.argmax(v), jnp.argmin(jnp.where(support, v, jnp.inf))
        away = rank - v[down] > v[up] - rank
        i = jnp.where(away, down, up)
        weight = weights[i]
        drop = -weight / jnp.where(weight < 1, 1 - weight, 1)
        best = (v[i] / rank - 1) / jnp.where(v[i] == 1, 1, v[i] - 1)
        step = jnp.where(away, jnp.where(v[i] > 1, jnp.maximum(best, drop), drop), best)
        step = jnp.where(weight < 1, step, 0)  # a single point in one dimension is the optimum
        pull = inverted @ rows[i]
        shrink = step / (1 - step + step * v[i])
        moved = ((1 - step) * weights).at[i].add(step)
        moved = moved.at[i].set(jnp.where(away & (step <= drop), 0, jnp.maximum(moved[i], 0)))
        return (
            moved,
            (v - shrink * (rows @ pull) ** 2) / (1 - step),
            (inverted - shrink * jnp.outer(pull, pull)) / (1 - step),
        )

    def refresh(weights, _):
        weights = weights / jnp.sum(weights)
        inverted = inverse(weights)
        return jax.lax.fori_loop(0, REFRESH, exchange, (weights, lengths(inverted), inverted))[0], None

    start = uniform_weights(points, points=points.shape[0])
    if method == "multiplicative":
        weights, _ = jax.lax.scan(multiply, start, length=iterations)
    else:
        weights, _ = jax.lax.scan(refresh, start, length=-(-iterations // REFRESH))
        weights = weights / jnp.sum(weights)
    return certify(weights, jnp.max(lengths(inverse(weights))), rank, tolerance, rank)
