"""Predictions on the axes of the simulations: regret rates, gain of sharing, confidence radii, stage lengths.

Symbols: M tasks, T rounds per task, k representation dimension, d input dimension, sigma noise, delta failure chance.
Rates are without constants and logarithms (~O); they are overlaid after scaling to one point of a curve.

Papers: Lu, Zhao, Du and Huang, NeurIPS 2022 (GFUCB); Yang, Hu, Lee and Du, ICLR 2021 (E2TC, MLinGreedy); Hu, Chen,
Jin, Li and Wang, ICML 2021 (MTLR-OFUL); Abbasi-Yadkori, Pal and Szepesvari 2011 (OFUL); Russo and Van Roy 2013
(radius on function classes).
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from mtrl.numerics.function_classes import linear_log_covering
from mtrl.numerics.types import Scalar

Rate = Float[Array, "..."]
Number = Scalar | Rate


def oful_radius(
    dim: Number, rounds: Number, *, noise: Scalar, delta: Scalar, norm_bound: Scalar, input_bound: Scalar, ridge: Scalar
) -> Rate:
    """`beta_t = sigma sqrt(d log((1 + t L^2 / lam) / delta)) + sqrt(lam) S` (OFUL, Theorem 2)."""
    log_term = jnp.log((1.0 + rounds * input_bound**2 / ridge) / delta)
    return noise * jnp.sqrt(dim * log_term) + jnp.sqrt(ridge) * norm_bound


def gfucb_radius(
    rounds: Number,
    *,
    tasks: Number,
    rank: Number,
    log_covering: Number,
    noise: Scalar,
    delta: Scalar,
    norm_bound: Scalar = 1.0,
) -> Rate:
    """Squared radius of GFUCB's joint confidence set at round t, the theorem's.

    `beta_t = 8 sigma^2 log(N(F^M, a) / delta) + 2 a M t (8 + sqrt(8 sigma^2 log(4 M t^2 / delta)))` with a = 1 / (M
    t) and `log N(F^M, a) <= log N(Phi) + M k log(1 + 2 S / a)`: Russo and Van Roy's radius on the product class. It
    is loose (dozens of times the true squared error of the fit), and every practical run scales it.

    Args:
      rounds: t >= 1.
      tasks, rank: M, k.
      log_covering: log N(Phi, a), log|Phi| for a finite class.
      noise, delta: sigma, failure chance.
      norm_bound: S, bound on the heads' norm.
    """
    alpha = 1.0 / (tasks * jnp.asarray(rounds))
    log_class = log_covering + tasks * linear_log_covering(rank, norm_bound, alpha)
    tail = jnp.sqrt(8.0 * noise**2 * jnp.log(4.0 * tasks * jnp.asarray(rounds) ** 2 / delta))
    return 8.0 * noise**2 * (log_class - jnp.log(delta)) + 2.0 * alpha * tasks * rounds * (8.0 + tail)


def gfucb_schedule(rounds: Number, *, tasks: Number, rank: Number, log_covering: Number, scale: Scalar) -> Rate:
    """The practical squared radius `scale (M k + log N(Phi)) log(t + 2)`: the theorem's shape with one free constant."""
    return scale * (tasks * rank + log_covering) * jnp.log(jnp.asarray(rounds) + 2.0)


def gfucb_regret(tasks: Number, rounds: Number, *, rank: Number, log_covering: Number, eluder: Number) -> Rate:
    """Total regret of GFUCB over M tasks, `sqrt(M T dim_E (M k + log N(Phi)))`."""
    return jnp.sqrt(jnp.asarray(tasks) * rounds * eluder * (jnp.asarray(tasks) * rank + log_covering))


def independent_regret(tasks: Number, rounds: Number, *, rank: Number, log_covering: Number, eluder: Number) -> Rate:
    """Total regret of M single-task copies, `M sqrt(T dim_E (k + log N(Phi)))`."""
    return jnp.asarray(tasks) * jnp.sqrt(jnp.asarray(rounds) * eluder * (rank + log_covering))


def gain(tasks: Number, *, rank: Number, log_covering: Number) -> Rate:
    """Independent over shared regret, `sqrt((k + log N) / (k + log N / M))`; tends to `sqrt(1 + log N / k)`."""
    return jnp.sqrt((rank + log_covering) / (rank + log_covering / jnp.asarray(tasks)))


def linear_shared_regret(tasks: Number, rounds: Number, *, dim: Number, rank: Number) -> Rate:
    """MTLR-OFUL's total regret, `M sqrt(d k T) + d sqrt(k M T)` (Hu et al., Theorem 1)."""
    tasks, rounds = jnp.asarray(tasks), jnp.asarray(rounds)
    return tasks * jnp.sqrt(dim * rank * rounds) + dim * jnp.sqrt(rank * tasks * rounds)


def linear_independent_regret(tasks: Number, rounds: Number, *, dim: Number) -> Rate:
    """M copies of OFUL or PEGE, `M d sqrt(T)`."""
    return jnp.asarray(tasks) * dim * jnp.sqrt(jnp.asarray(rounds))


def linear_crossing(dim: Number, rank: Number) -> Rate:
    """Number of tasks where the rates of MTLR-OFUL and independent OFUL cross: `k / (1 - sqrt(k / d))^2`; infinite when k = d.

    From `sqrt(k / d) + sqrt(k / M) = 1`, the two rates divided by `M d sqrt(T)`.
    """
    dim, rank = jnp.asarray(dim, float), jnp.asarray(rank, float)
    return jnp.where(rank < dim, rank / jnp.maximum(1.0 - jnp.sqrt(rank / dim), 1e-30) ** 2, jnp.inf)


def mlingreedy_regret(tasks: Number, rounds: Number, *, dim: Number, rank: Number) -> Rate:
    """MLinGreedy's total regret on finitely many random arms, `M sqrt(k T) + sqrt(d k M T)` (Yang et al., Theorem 1)."""
    tasks, rounds = jnp.asarray(tasks), jnp.asarray(rounds)
    return tasks * jnp.sqrt(rank * rounds) + jnp.sqrt(dim * rank * tasks * rounds)


def e2tc_regret(tasks: Number, rounds: Number, *, dim: Number, rank: Number) -> Rate:
    """E2TC's total regret on the ball, `d^1.5 k sqrt(M T) + k M sqrt(T)` (Yang et al., Theorem 3)."""
    tasks, rounds = jnp.asarray(tasks), jnp.asarray(rounds)
    return jnp.asarray(dim) ** 1.5 * rank * jnp.sqrt(tasks * rounds) + rank * tasks * jnp.sqrt(rounds)


def e2tc_stages(tasks: Number, rounds: Number, *, dim: Number, rank: Number) -> tuple[Rate, Rate]:
    """Stage lengths of E2TC, rounds per task: `N1 = d^1.5 k sqrt(T / M)`, capped at T / 4, and `N2 = k sqrt(T)`; whole numbers."""
    rounds = jnp.asarray(rounds)
    explore = jnp.minimum(jnp.asarray(dim) ** 1.5 * rank * jnp.sqrt(rounds / jnp.asarray(tasks)), rounds / 4)
    return jnp.ceil(explore), jnp.ceil(rank * jnp.sqrt(rounds))


def e2tc_crossing(dim: Number, rank: Number) -> Rate:
    """Number of tasks from which E2TC explores less than PEGE: `(d^1.5 k / (d - k))^2`.

    Derived here by equating the exploration rounds `d^1.5 k sqrt(T / M) + k sqrt(T)` with PEGE's `d sqrt(T)`, all of
    which cost about `||theta||` each; infinite when k = d.
    """
    dim, rank = jnp.asarray(dim, float), jnp.asarray(rank, float)
    return jnp.where(rank < dim, (dim**1.5 * rank / jnp.maximum(dim - rank, 1e-30)) ** 2, jnp.inf)


def commit_regret(
    rounds: Number, explore: Number, *, dim: Number, pulls: Number, noise: Scalar, norm: Scalar = 1.0
) -> Rate:
    """Expected regret of one task that pulls the axes of a known `dim`-dimensional subspace and then commits, to leading order.

    `norm explore + (T - explore) sigma^2 (dim - 1) / (2 norm pulls)`: the axes pay 0 on average over random signs,
    and the angle to the estimate has squared size `(dim - 1) sigma^2 / (norm^2 pulls)` with `pulls` samples per axis
    (derived here).
    """
    return norm * explore + (jnp.asarray(rounds) - explore) * noise**2 * (jnp.asarray(dim) - 1.0) / (2.0 * norm * pulls)


def sphere_moment(parameters: Float[Array, "task dim"], noise: Scalar) -> Float[Array, "dim dim"]:
    """`E[r^2 x x^T]` for x uniform on the sphere and `r = <theta_i, x> + N(0, sigma^2)`, averaged over the tasks.

    `(tr(S) I + 2 S) / (d (d + 2)) + sigma^2 I / d` with `S = (1/M) sum theta_i theta_i^T`: its top eigenvectors are
    the shared subspace, with the small eigengap `2 lambda_k(S) / (d (d + 2))`.
    """
    tasks, dim = parameters.shape
    second = parameters.T @ parameters / tasks
    eye = jnp.eye(dim, dtype=parameters.dtype)
    return (jnp.trace(second) * eye + 2.0 * second) / (dim * (dim + 2)) + noise**2 * eye / dim


def boss_regret(tasks: Number, rounds: Number, *, dim: Number, rank: Number) -> Rate:
    """BOSS, N tasks in sequence: `N m sqrt(tau) + N^(2/3) tau^(2/3) d m^(1/3) + N d^2 + tau m d`.

    Duong, Wang and Zhang, NeurIPS 2024.
    """
    tasks, rounds = jnp.asarray(tasks), jnp.asarray(rounds)
    learn = (tasks * rounds) ** (2.0 / 3.0) * dim * jnp.asarray(rank, float) ** (1.0 / 3.0)
    return tasks * rank * jnp.sqrt(rounds) + learn + tasks * jnp.asarray(dim) ** 2 + rounds * rank * dim
