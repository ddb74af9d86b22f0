"""c-optimal experimental design: where to measure so that one linear function of the parameters is best known.

`min_p w^T M(p)^{-1} w` over probability weights p, with `M(p) = sum_t p_t w_t w_t^T`. By Elfving's theorem (1952,
Annals of Mathematical Statistics 23) the minimum is `||nu||_1^2` for the minimum-L1 solution of `W nu = w`, and
p is proportional to |nu|.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from mtrl.numerics.linalg.psd import solve_psd
from mtrl.numerics.types import Scalar


class Design(NamedTuple):
    """A design with its certificate."""

    weights: Float[Array, " task"]  # p, non-negative, sums to one
    solution: Float[Array, " task"]  # nu = P W^T M(p)^{-1} w: solves W nu = w; at the optimum |nu| = ||nu||_1 p
    value: Float[Array, ""]  # v(p) = w^T M(p)^{-1} w
    gap: Float[Array, ""]  # max_t (w_t^T M^{-1} w)^2 / v - 1 >= 0: the optimum lies in [v / (1 + gap), v]
    rank: Float[Array, ""]  # numerical rank of the candidates
    residual: Float[Array, ""]  # part of w outside their span, relative to ||w||


def c_optimal(
    candidates: Float[Array, "rank task"],
    direction: Float[Array, " rank"],
    *,
    iterations: int = 2000,
    cutoff: Scalar = 1e-8,
) -> Design:
    """Multiplicative rule `p_t <- p_t |w_t^T M(p)^{-1} w|`, normalised (Fellman 1974; Silvey, Titterington, Torsney 1978).

    The value never rises. Steps are taken in the coordinates where `W W^T = I`: the design does not change under
    `W -> A W, w -> A w`, and neither does the scale of the data matter there.

    Args:
      candidates: W, column w_t.
      direction: w; its part outside the span of W is left out and reported.
      iterations: static number of steps; linear convergence at the end, so see `gap`.
      cutoff: singular values of W at most this fraction of the largest count as zero.

    Returns:
      `Design`; all zero weights never occur, `w = 0` gives uniform weights with value 0, and NaN gives NaN.
    """
    tasks = candidates.shape[1]
    left, singular, right = jnp.linalg.svd(candidates, full_matrices=False)
    kept = (singular > cutoff * singular[0]) & (singular > 0)
    rows = jnp.where(kept[:, None], right, 0)
    coordinates = jnp.where(kept, (left.T @ direction) / jnp.where(kept, singular, 1), 0)
    length = jnp.linalg.norm(coordinates)
    unit = coordinates / jnp.where(length > 0, length, 1)
    norm = jnp.linalg.norm(direction)
    outside = direction - left @ jnp.where(kept, left.T @ direction, 0)

    def pull(weights):
        dual, _ = solve_psd((rows * weights) @ rows.T, unit)
        return rows.T @ dual

    def step(weights, _):
        raised = weights * jnp.abs(pull(weights))
        total = jnp.sum(raised)
        return jnp.where(total > 0, raised / jnp.where(total > 0, total, 1), weights), None

    known = jnp.isfinite(candidates).all() & jnp.isfinite(direction).all()
    start = jnp.where(known, jnp.full(tasks, 1 / tasks, dtype=candidates.dtype), jnp.nan)
    weights, _ = jax.lax.scan(step, start, length=iterations)
    slope = pull(weights)
    value = jnp.sum(weights * slope**2)
    gap = jnp.max(slope**2) / jnp.where(value > 0, value, 1) - jnp.where(value > 0, 1, 0)
    return Design(
        weights,
        weights * slope * length,
        value * length**2,
        gap,
        jnp.sum(kept).astype(candidates.dtype),
        jnp.linalg.norm(outside) / jnp.where(norm > 0, norm, 1),
    )
