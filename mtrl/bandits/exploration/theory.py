"""Predictions on the axes of the simulations: samples of the algorithms and of independent learning, and the error of the features.

Du, Huang and Sun 2023 (arXiv 2302.04441), Theorems 1 and 2 up to constants and logarithms; what the practical sizes come to on the
canonical instance; and the first-order error of the subspace, which the practical number of batches is made of.
"""

import jax.numpy as jnp
from jax.scipy.stats import norm
from jaxtyping import Array, Float

from mtrl.bandits.exploration.sizes import UNIT, Bounds, delta_of, design_pulls, feature_batches
from mtrl.numerics.types import Scalar

Number = Scalar | Float[Array, "..."]


def arms_rate(
    tasks: Number,
    gap: Number,
    *,
    dim: Number,
    rank: Number,
    delta: Number,
    rho: Number,
    omega: Number,
    bounds: Bounds = UNIT,
) -> Float[Array, "..."]:
    """RepBAI: `M k / Delta^2 log(1/delta) + rho_E^2 d k^4 L_x^4 L_theta^2 L_w^2 / (Delta^2 omega^2) log^4(1/delta)` (Theorem 1, ~O)."""
    logs = jnp.log(1 / jnp.asarray(delta))
    norms = bounds.arms**4 * bounds.parameters**2 * bounds.heads**2
    features = rho**2 * dim * rank**4 * norms / omega**2 * logs**4
    return (tasks * rank * logs + features) / jnp.asarray(gap) ** 2


def arms_alone_rate(tasks: Number, gap: Number, *, dim: Number, delta: Number) -> Float[Array, "..."]:
    """IndRAGE: `M d / Delta^2 log(1/delta)` (~O)."""
    return tasks * dim * jnp.log(1 / jnp.asarray(delta)) / jnp.asarray(gap) ** 2


def policies_rate(
    tasks: Number, accuracy: Number, *, dim: Number, rank: Number, rho: Number = 0.0
) -> Float[Array, "..."]:
    """RepBPI: `(M k^2 + rho_E^2 d k^4) / eps^2` (Theorem 2, ~O; the second term does not grow with M)."""
    return (tasks * rank**2 + rho**2 * dim * rank**4) / jnp.asarray(accuracy) ** 2


def policies_alone_rate(tasks: Number, accuracy: Number, *, dim: Number) -> Float[Array, "..."]:
    """IndRFLinUCB: `M d^2 / eps^2` (~O)."""
    return tasks * dim**2 / jnp.asarray(accuracy) ** 2


def slope_ratio(dim: Number, rank: Number, *, policies: bool = False) -> Number:
    """What a task costs with the features over what it costs alone: k / d, and `k^2 / d^2` for policies."""
    return (rank / dim) ** 2 if policies else rank / dim


def phases_needed(gap: Number) -> Float[Array, "..."]:
    """The first t with `2^-t < gap`: estimates within 2^-t / 4 eliminate there, and not before unless by luck."""
    return jnp.floor(-jnp.log2(jnp.asarray(gap))) + 1


def canonical_elimination(
    tasks: Number,
    gap: Number,
    *,
    dim: Number,
    delta: Number,
    arms: Number,
    zeta: Number = 0.1,
    noise: Number = 1.0,
    phases: int = 14,
) -> Float[Array, "..."]:
    """Pulls of the second stage on the canonical instance, `M sum_t 32 (1 + zeta) 4^t rho log(4 n^2 M / delta_t)`, rho = 2 dim.

    Args:
      tasks, gap: M, Delta_min.
      dim: d for IndRAGE; k with the true B, where all arms of no feature differ by nothing that must be measured.
      delta, arms, zeta, noise: delta, n, zeta, sigma.
      phases: most phases.
    """
    tasks, gap = jnp.asarray(tasks), jnp.asarray(gap)
    t = jnp.arange(1.0, phases + 1).reshape(-1, *[1] * max(tasks.ndim, gap.ndim))
    pulls = design_pulls(2.0**-t, delta_of(t, delta), 2 * dim, tasks=tasks, arms=arms, zeta=zeta, noise=noise)
    return tasks * jnp.sum(jnp.where(t <= phases_needed(gap), pulls, 0), axis=0)


def elimination_bound(
    tasks: Number, gap: float, *, dim: Number, arms: int, delta: Number, noise: Number = 1.0, zeta: float = 0.1
) -> Float[Array, "..."]:
    """Samples of the second stage if no arm left before the last phase, `phases_needed(gap)`, and every design had its largest value, 4 d.

    The differences of arms have `||y||^2 <= 4 d` in the metric of a G-optimal design (Kiefer and Wolfowitz 1960).
    """
    tasks = jnp.asarray(tasks, float)
    total = jnp.zeros_like(tasks)
    for t in range(1, int(phases_needed(gap)) + 1):
        sizes = dict(tasks=tasks, arms=arms, zeta=zeta, noise=noise)
        total = total + design_pulls(2.0**-t, delta_of(t, delta), 4.0 * dim, **sizes) * tasks
    return total


def canonical_features(
    tasks: Number,
    gap: Number,
    *,
    dim: int,
    rank: int,
    delta: Number,
    omega: Number,
    rounds: Number,
    constant: Number = 16.0,
    heads: Number = 1.0,
    noise: Number = 1.0,
    phases: int = 14,
) -> Float[Array, "..."]:
    """Pulls of the first stage on the canonical instance at the practical sizes, `M sum_t T_t p`; rho_E = d, s2 = sigma^2 d / p."""
    tasks, gap = jnp.asarray(tasks), jnp.asarray(gap)
    t = jnp.arange(1.0, phases + 1).reshape(-1, *[1] * max(tasks.ndim, gap.ndim))
    batches = feature_batches(
        2.0**-t, delta_of(t, delta), tasks=tasks, dim=dim, rank=rank, omega=omega, rounds=rounds, rho=dim,
        spread=noise**2 * dim / rounds, zeta=0.1, bounds=UNIT._replace(heads=heads), sizes="practical", constant=constant,
    )  # fmt: skip
    return tasks * rounds * jnp.sum(jnp.where(t <= phases_needed(gap), batches, 0), axis=0)


def subspace_error(
    spectrum: Float[Array, " rank"], spread: Number, *, tasks: Number, batches: Number, dim: Number
) -> Float[Array, "..."]:
    """`E ||B_hat_perp^T B||_F^2 = (d - k) / (M T) (s2 tr Gamma^-1 + s2^2 tr Gamma^-2)` to first order, for the batch noise `s2 I`.

    Args:
      spectrum: eigenvalues of Gamma.
      spread: s2.
      tasks, batches, dim: M, T, d.
    """
    inverse, spread = 1 / spectrum, jnp.asarray(spread)
    noise = spread * jnp.sum(inverse) + spread**2 * jnp.sum(inverse**2)
    return (dim - spectrum.shape[0]) / (tasks * batches) * noise


def subspace_error_of(
    covariance: Float[Array, "dim dim"],
    basis: Float[Array, "dim rank"],
    gamma: Float[Array, "rank rank"],
    *,
    tasks: Number,
    batches: Number,
) -> Float[Array, ""]:
    """The same for any covariance S of the batch noise: `1/(MT) (tr(P S) tr(Gamma^-1) + tr(P S) tr(Gamma^-1 B^T S B Gamma^-1) + cross)`.

    With `P = I - B B^T`, the error is `P E B Gamma^-1` for the fluctuation E of Z, whose estimates are `B w + S^{1/2} g`; the cross term
    `||P S B Gamma^-1||_F^2` is zero for isotropic noise.
    """
    outside = jnp.eye(basis.shape[0], dtype=basis.dtype) - basis @ basis.T
    inverse = jnp.linalg.inv(gamma)
    inside = basis.T @ covariance @ basis
    escape = jnp.trace(outside @ covariance)
    cross = jnp.sum((outside @ covariance @ basis @ inverse) ** 2)
    return (escape * (jnp.trace(inverse) + jnp.trace(inverse @ inside @ inverse)) + cross) / (tasks * batches)


def subspace_error_at_budget(
    spectrum: Float[Array, " rank"], budget: Number, *, rho: Number, rounds: Number, dim: Number, noise: Number = 1.0
) -> Float[Array, "..."]:
    """The error at `N = M T p` pulls: `(d - k)/N (rho_E tr Gamma^-1 + rho_E^2 tr Gamma^-2 / p)` for `s2 = sigma^2 rho_E / p`, without M."""
    rounds = jnp.asarray(rounds)
    return subspace_error(spectrum, noise**2 * rho / rounds, tasks=1, batches=budget / rounds, dim=dim)


def davis_kahan(error: Number, smallest: Number, rank: Number) -> Float[Array, "..."]:
    """`||B_hat_perp^T B||_F <= 2 sqrt(k) ||Z - E Z|| / sigma_k(Gamma)` (Davis and Kahan; Yu, Wang and Samworth 2015).

    Args:
      error: operator norm of `Z - E Z`.
      smallest: sigma_k(Gamma).
      rank: k.
    """
    return 2 * jnp.sqrt(jnp.asarray(rank)) * error / smallest


def potential_bound(
    rounds: Number, rank: Number, *, ridge: Number = 1.0, features: Number = 1.0
) -> Float[Array, "..."]:
    """`sum_i min(1, ||f_i||^2_{Sigma_{i-1}^-1}) <= 2 k log(1 + N L^2 / (gamma k))` (Abbasi-Yadkori et al. 2011, Lemma 11)."""
    return 2 * rank * jnp.log1p(jnp.asarray(rounds) * features**2 / (ridge * rank))


def halving_error(budget: Number, gap: Number, *, arms: int, noise: Number = 1.0) -> Float[Array, "..."]:
    """Bound of a task's chance of a wrong answer by halving n canonical arms (`fixed_budget.halve` in all d = n dimensions).

    A phase with s arms and m pulls knows their differences with the variance `2 s sigma^2 / m`. The best arm falls out where as
    many others beat it as are kept, of which there are on average `(s - 1) Q(gap sqrt(m / (2 s)) / sigma)`;
    Markov's inequality, and the sum of the phases.

    Args:
      budget: pulls of a task, in all phases.
      gap, arms, noise: Delta, n, sigma.
    """
    phases = max(1, (arms - 1).bit_length())
    pulls, total, active = jnp.floor(jnp.asarray(budget) / phases), jnp.zeros(()), arms
    for r in range(1, phases + 1):
        kept = -(-arms // 2**r)
        tail = norm.sf(gap * jnp.sqrt(pulls / (2 * active)) / noise)
        total, active = total + (active - 1) / kept * tail, kept
    return total
