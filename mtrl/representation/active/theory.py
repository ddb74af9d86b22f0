"""Predictions for active multi-task representation learning, on the axes of the simulation.

First-order law and allocation values are derived here and checked against simulation; the rates are those of Chen et
al. 2022 (ICML) and Wang et al. 2023 (ICML), constants and logarithms dropped.

Symbols: W heads (rank, task), column w_t; w target_head (rank,); n counts (task,); d dim, K rank; sigma noise;
  v(n) = w^T (sum_t n_t w_t w_t^T)^{-1} w = min {sum_t nu_t^2 / n_t : W nu = w}.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float, Shaped

from mtrl.numerics.linalg.psd import solve_psd
from mtrl.numerics.types import Scalar


def design_value(
    heads: Float[Array, "rank task"],
    target_head: Float[Array, " rank"],
    counts: Shaped[Array, " task"],
    *,
    cutoff: Scalar = 1e-12,
    tolerance: Scalar = 1e-6,
) -> Float[Array, ""]:
    """`v(n)`; infinite when w is not in the span of the tasks with n_t > 0.

    Args:
      heads: W.
      target_head: w.
      counts: n_t >= 0, whole or real.
      cutoff: relative eigenvalue cut-off of the pseudo-inverse of `sum_t n_t w_t w_t^T`.
      tolerance: largest relative residual for w to count as in the span.
    """
    counts = counts.astype(heads.dtype)
    dual, _ = solve_psd((heads * counts) @ heads.T, target_head, cutoff)
    miss = jnp.linalg.norm((heads * counts) @ (heads.T @ dual) - target_head)
    return jnp.where(miss <= tolerance * jnp.linalg.norm(target_head), target_head @ dual, jnp.inf)


def subspace_risk(value: Shaped[Array, "*shape"] | Scalar, *, dim: int, rank: int, noise: Scalar) -> Array:
    """`E ||(I - P_hat) B w||^2 = sigma^2 (d - K) v(n)` for whitened Gaussian inputs, to first order in 1/N.

    The bounds of both papers have this shape with (d - K) replaced by K d + K M up to logarithms.
    """
    return jnp.asarray(noise**2 * (dim - rank) * value)


def excess_risk(subspace: Shaped[Array, "*shape"] | Scalar, *, rank: int, target_samples: int, noise: Scalar) -> Array:
    """`ER = s + (sigma^2 + s) K / (n_0 - K - 1)`: exact given the subspace risk s, for Gaussian target inputs.

    Infinite for n_0 <= K + 1, where the inverse of `B^T X_0^T X_0 B` has no mean. With s = 0 this is the oracle that knows B.
    """
    subspace = jnp.asarray(subspace)
    spare = jnp.asarray(target_samples - rank - 1, subspace.dtype)
    return jnp.where(spare > 0, subspace + (noise**2 + subspace) * rank / jnp.where(spare > 0, spare, 1), jnp.inf)


def uniform_value(l2_relevance: Float[Array, " task"]) -> Float[Array, ""]:
    """`N v(uniform) = M ||nu2||_2^2`, exact."""
    return l2_relevance.shape[0] * jnp.sum(l2_relevance**2)


def best_value(l1_relevance: Float[Array, " task"]) -> Float[Array, ""]:
    """Elfving: `min_n N v(n) = ||nu1||_1^2`, attained by `n = N |nu1| / ||nu1||_1`: nothing beats the L1 rule."""
    return jnp.sum(jnp.abs(l1_relevance)) ** 2


def squared_rule_upper(l2_relevance: Float[Array, " task"]) -> Float[Array, ""]:
    """Upper bound `||nu2||_0 ||nu2||_2^2` on N v(n) of the squared rule `n ~ nu2^2` (no floor)."""
    return jnp.sum((l2_relevance != 0).astype(l2_relevance.dtype)) * jnp.sum(l2_relevance**2)


def absolute_rule_upper(l2_relevance: Float[Array, " task"]) -> Float[Array, ""]:
    """Upper bound `||nu2||_1^2` on N v(n) of the rule `n ~ |nu2|` (no floor)."""
    return jnp.sum(jnp.abs(l2_relevance)) ** 2


def effective_tasks(relevance: Float[Array, " task"], budget: Scalar) -> Float[Array, ""]:
    """`s* = min_{g in [0,1]} (1 - g) ||nu||_{0,g} + g M`, `||nu||_{0,g} = #{t: |nu_t| > sqrt(g ||nu||_2^2 / N)}`.

    Chen et al. 2022, Theorem on A-MTRL: s* replaces the number of source tasks M. The objective rises in g between the
    jumps of the count, so the minimum lies at g = 0, at 1, or at a jump `g_t = N nu_t^2 / ||nu||_2^2` below 1.
    """
    square = relevance**2
    total = jnp.sum(square)
    jumps = budget * square / jnp.where(total > 0, total, 1)
    points = jnp.concatenate([jnp.array([0.0, 1.0], relevance.dtype), jnp.where(jumps <= 1, jumps, 1)])
    active = jnp.sum((jumps[None, :] > points[:, None]).astype(relevance.dtype), axis=1)
    return jnp.min((1 - points) * active + points * relevance.shape[0])


def l2_rate(
    relevance: Float[Array, " task"], *, dim: int, rank: int, noise: Scalar, accuracy: Scalar, budget: Scalar
) -> Float[Array, ""]:
    """Chen et al. 2022, leading term: `N = sigma^2 (K d + K M) s* ||nu2||_2^2 / eps^2`; passive has M in place of s*."""
    tasks = relevance.shape[0]
    scale = noise**2 * (rank * dim + rank * tasks) * jnp.sum(relevance**2) / accuracy**2
    return scale * effective_tasks(relevance, budget)


def passive_rate(
    relevance: Float[Array, " task"], *, dim: int, rank: int, noise: Scalar, accuracy: Scalar
) -> Float[Array, ""]:
    """The same with all M tasks sampled: `N = sigma^2 (K d + K M) M ||nu2||_2^2 / eps^2`."""
    tasks = relevance.shape[0]
    return noise**2 * (rank * dim + rank * tasks) * tasks * jnp.sum(relevance**2) / accuracy**2


def l1_rate(
    relevance: Float[Array, " task"], *, dim: int, rank: int, noise: Scalar, accuracy: Scalar, floor: Scalar
) -> Float[Array, ""]:
    """Wang et al. 2023: `N = sigma^2 K (d + M) ||nu1||_1^2 / eps^2 + M N_min`, for known and for unknown nu."""
    tasks = relevance.shape[0]
    leading = noise**2 * rank * (dim + tasks) * jnp.sum(jnp.abs(relevance)) ** 2 / accuracy**2
    return leading + tasks * floor


def separation_heads(tasks: int) -> Float[Array, "rank task"]:
    """Instance (K = 1) where the squared rule loses a polynomial factor: `W = (1, a, ..., a)`, `(M-1) a^2 = sqrt(M)`."""
    a = jnp.sqrt(jnp.sqrt(float(tasks)) / (tasks - 1))
    return jnp.full((1, tasks), a).at[0, 0].set(1.0)


def separation_ratio(tasks: Shaped[Array, "*shape"] | int) -> Array:
    """`v_L2 / v_L1 = (1 + x) / (1 + x^2 / (M-1))`, `x = sqrt(M)`, on `separation_heads`: about `sqrt(M) / 2`."""
    tasks = jnp.asarray(tasks, float)
    x = jnp.sqrt(tasks)
    return (1 + x) / (1 + x**2 / (tasks - 1))


def separation_passive_ratio(tasks: Shaped[Array, "*shape"] | int) -> Array:
    """`v_passive / v_L1 = M / (1 + x)` on the same instance."""
    return tasks / (1 + jnp.sqrt(jnp.asarray(tasks, float)))
