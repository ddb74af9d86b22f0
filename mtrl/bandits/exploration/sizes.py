"""How many samples a phase takes: the constants of the paper's proofs (`theory`), and those that fit a figure (`practical`).

Symbols: t phase, delta_t = delta / (2 t^2), zeta = 1/10 loss of the rounding, rho the value of a design, omega task diversity, sigma noise.
The paper's own practical constants are not published; `practical` keeps the dependence on every quantity and puts a constant of ours.
"""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from mtrl.numerics.types import Scalar

SIZES = ("practical", "theory")
Number = Scalar | Float[Array, "..."]


class Bounds(NamedTuple):
    """What the learner knows of the problem's size."""

    arms: Number = 1.0  # L_x
    heads: Number = 1.0  # L_w
    parameters: Number = 1.0  # L_theta


UNIT = Bounds()


def delta_of(phase: Number, delta: Number) -> Float[Array, "..."]:
    """`delta_t = delta / (2 t^2)`, which sum to less than delta."""
    return delta / (2 * jnp.asarray(phase) ** 2)


def batch_rounds(dim: Number, zeta: Number, sizes: str) -> Number:
    """p: `180 d / zeta^2` in theory (Section 4, line 1 of DouExpDes), 20 d in practice."""
    return jnp.ceil(180 * dim / jnp.asarray(zeta) ** 2) if sizes == "theory" else 20 * dim


def feature_batches(
    accuracy: Number,
    delta: Number,
    *,
    tasks: Number,
    dim: Number,
    rank: Number,
    omega: Number,
    rounds: Number,
    rho: Number,
    spread: Number,
    zeta: Number,
    bounds: Bounds,
    sizes: str,
    constant: Number,
    least: Number = 1.0,
) -> Float[Array, "..."]:
    """T_t, batches per task of FeatRecover.

    Theory: `C (1 + zeta)^3 rho_E^2 k^4 L_x^4 L_theta^2 L_w^2 / (M omega^2) 4^t log^4(p M d / delta_t)`; the paper gives the logarithms
    up to constants. Practice: `c_F 4^t L_w^2 (d - k) (s2 k^2 / omega + s2^2 k^3 / omega^2) log(1 / delta_t) / M`, from the first-order
    error of the subspace (`theory.subspace_error`), with `s2 = sigma^2 ||(Xbar^T Xbar)^-1||`.

    Args:
      accuracy: 2^-t; eps in the contextual case.
      delta: delta_t.
      tasks, dim, rank, omega: M, d, k, task diversity.
      rounds: p.
      rho, spread: rho_E, and s2.
      zeta, bounds: loss of the rounding; L_x, L_w, L_theta.
      sizes: one of `SIZES`.
      constant: C or c_F.
      least: fewest batches.
    """
    growth = constant / jnp.asarray(accuracy) ** 2 / tasks
    if sizes == "theory":
        norms = bounds.arms**4 * bounds.parameters**2 * bounds.heads**2
        logs = jnp.log(rounds * tasks * dim / delta) ** 4
        needed = growth * (1 + zeta) ** 3 * rho**2 * rank**4 * norms / omega**2 * logs
    else:
        error = spread * rank**2 / omega + spread**2 * rank**3 / omega**2
        needed = growth * bounds.heads**2 * (dim - rank) * error * jnp.log(1 / delta)
    return jnp.ceil(jnp.maximum(needed, least))


def design_pulls(
    accuracy: Number, delta: Number, rho: Number, *, tasks: Number, arms: Number, zeta: Number, noise: Number
) -> Float[Array, "..."]:
    """`32 (1 + zeta) sigma^2 4^t rho log(4 n^2 M / delta_t)`: every difference of active arms within 2^-t / 4 of its estimate's mean."""
    logs = jnp.log(4 * arms**2 * tasks / delta)
    return 32 * (1 + zeta) * noise**2 / jnp.asarray(accuracy) ** 2 * rho * logs


def released_pulls(
    accuracy: Number, delta: Number, rho: Number, *, tasks: Number, arms: Number, zeta: Number, noise: Number
) -> Float[Array, "..."]:
    """`8 (1 + zeta) sigma^2 4^{t-1} rho log(2 n^2 / delta_t)`, the constants of the published RAGE code (Fiez et al. 2019)."""
    del tasks
    logs = jnp.log(2 * arms**2 / delta)
    return 2 * (1 + zeta) * noise**2 / jnp.asarray(accuracy) ** 2 * rho * logs


def rounding_floor(rank: Number, support: Number, zeta: Number, sizes: str) -> Number:
    """Pulls from which on a rounded design keeps its value up to 1 + zeta: `180 k / zeta^2` in theory, `2 s / zeta` in practice."""
    return 180 * rank / jnp.asarray(zeta) ** 2 if sizes == "theory" else 2 * support / zeta


def width(
    rank: Number, rounds: Number, delta: Number, *, tasks: Number, noise: Number, norm: Number, ridge: Number
) -> Number:
    """beta of a ridge estimate in k dimensions, per task: `sigma sqrt(2 log(M / delta) + k log(1 + N / (gamma k))) + sqrt(gamma) L_w`."""
    logs = 2 * jnp.log(tasks / delta) + rank * jnp.log1p(rounds / (ridge * rank))
    return noise * jnp.sqrt(logs) + jnp.sqrt(jnp.asarray(ridge)) * norm


def planner_rounds(
    accuracy: Number,
    delta: Number,
    *,
    tasks: Number,
    rank: Number,
    noise: Number = 1.0,
    norm: Number = 1.0,
    ridge: Number = 1.0,
    features: Number = 1.0,
) -> Float[Array, "..."]:
    """N of EstLowRep: the least `N = 8 beta_N^2 k log(1 + N L^2 / (gamma k)) / eps^2`, `~O((k^2 + k log(M / delta)) / eps^2)`.

    The planner's widths only shrink, so the last one is at most their average, `sqrt(2 k log(1 + N L^2 / (gamma k)) / N)` by the potential
    bound (for `L^2 <= gamma`); a policy greedy for an estimate within beta times the width is within twice that of the best one.

    Args:
      accuracy, delta: eps, delta.
      tasks, rank: M, k (d for the single-task planner).
      noise, norm, ridge, features: sigma, L_w, gamma, L.
    """
    rounds = jnp.ones_like(jnp.asarray(accuracy) * jnp.asarray(delta))
    for _ in range(30):  # a contraction in log N
        beta = width(rank, rounds, delta, tasks=tasks, noise=noise, norm=norm, ridge=ridge)
        growth = jnp.log1p(rounds * features**2 / (ridge * rank))
        rounds = jnp.maximum(8 * beta**2 * rank * growth / jnp.asarray(accuracy) ** 2, 1)
    return jnp.ceil(rounds)
