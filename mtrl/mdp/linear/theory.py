"""Predictions on the axes of the simulations: regret rates, confidence radii, gain of sharing.

Symbols: M tasks, K episodes, H stages, T = K H, d feature dimension, k rank, D = dim_E eluder dimension of the single-task class, N
covering number of Phi, I inherent Bellman error. Rates are without constants and logarithms (~O): overlay them after scaling to one point.

Papers: Jin, Yang, Wang and Jordan, COLT 2020 (LSVI-UCB); Hu, Chen, Jin, Li and Wang, ICML 2021 (MTLR-LSVI); Lu, Zhao, Du and Huang,
NeurIPS 2022 (GFUCB for MDPs).
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from mtrl.numerics.types import Scalar

Rate = Float[Array, "..."]
Number = Scalar | Rate


def lsvi_ucb_beta(dim: Number, stages: Number, episodes: Number, *, delta: Scalar, constant: Scalar = 1.0) -> Rate:
    """`beta = c d H sqrt(log(2 d T / delta))`, T = K H: LSVI-UCB's bonus multiplier (Theorem 3.1); practical runs scale it."""
    total = jnp.asarray(episodes) * stages
    return constant * jnp.asarray(dim) * stages * jnp.sqrt(jnp.log(2.0 * dim * total / delta))


def lsvi_ucb_regret(dim: Number, stages: Number, episodes: Number) -> Rate:
    """LSVI-UCB's regret over K episodes, `sqrt(d^3 H^4 K) = sqrt(d^3 H^3 T)` (Theorem 3.1), one task."""
    return jnp.sqrt(jnp.asarray(dim) ** 3.0 * jnp.asarray(stages) ** 4.0 * jnp.asarray(episodes))


def trivial_regret(stages: Number, episodes: Number) -> Rate:
    """No policy loses more than H per episode: `H K`. Bounds above this say nothing yet."""
    return jnp.asarray(stages, float) * episodes


def first_informative_episode(dim: Number, stages: Number) -> Rate:
    """Number of episodes from which `sqrt(d^3 H^4 K) < H K`: K > d^3 H^2 (without constants and logarithms)."""
    return jnp.asarray(dim) ** 3.0 * jnp.asarray(stages) ** 2.0


def mtlr_lsvi_regret(
    tasks: Number, episodes: Number, *, stages: Number, dim: Number, rank: Number, bellman_error: Number = 0.0
) -> Rate:
    """MTLR-LSVI's total regret, `H M sqrt(d k T) + H d sqrt(k M T) + H M T sqrt(d) I` (Hu et al., Theorem 2); T episodes."""
    tasks, t = jnp.asarray(tasks, float), jnp.asarray(episodes, float)
    own = tasks * jnp.sqrt(dim * rank * t)
    shared = dim * jnp.sqrt(rank * tasks * t)
    return stages * (own + shared + tasks * t * jnp.sqrt(jnp.asarray(dim, float)) * bellman_error)


def gfucb_regret(
    tasks: Number,
    episodes: Number,
    *,
    stages: Number,
    rank: Number,
    log_covering: Number,
    eluder: Number,
    bellman_error: Number = 0.0,
) -> Rate:
    """GFUCB's total regret in MDPs, `M H sqrt(D k T) + H sqrt(M T D log N) + M H T I sqrt(D)`; T episodes."""
    tasks, t, eluder, rank = (jnp.asarray(v, float) for v in (tasks, episodes, eluder, rank))
    own = tasks * jnp.sqrt(eluder * rank * t)
    shared = jnp.sqrt(tasks * t * eluder * log_covering)
    return stages * (own + shared + tasks * t * bellman_error * jnp.sqrt(eluder))


def independent_regret(
    tasks: Number, episodes: Number, *, stages: Number, rank: Number, log_covering: Number, eluder: Number
) -> Rate:
    """Total regret of M single-task copies: M times `gfucb_regret` at M = 1, no Bellman error."""
    one = gfucb_regret(1.0, episodes, stages=stages, rank=rank, log_covering=log_covering, eluder=eluder)
    return jnp.asarray(tasks, float) * one


def gain(tasks: Number, *, rank: Number, log_covering: Number) -> Rate:
    """Independent over shared regret, `(sqrt(k) + sqrt(log N)) / (sqrt(k) + sqrt(log N / M))`; tends to `1 + sqrt(log N / k)`.

    The ratio of the two rates above; within a factor sqrt(2) of the bandit form `sqrt((k + log N) / (k + log N / M))`.
    """
    root = jnp.sqrt(jnp.asarray(rank, float))
    return (root + jnp.sqrt(log_covering)) / (root + jnp.sqrt(log_covering / jnp.asarray(tasks, float)))


def survivor_budget(tasks: Number, *, rank: Number, log_covering: Number, conf: Scalar) -> Rate:
    """Squared radius of the practical joint confidence set, `conf (M k + log|Phi|)`."""
    return conf * (jnp.asarray(tasks, float) * rank + log_covering)


def gfucb_stage_radius(
    tasks: Number, *, rank: Number, log_covering: Number, stages: Number, episodes: Number, delta: Scalar
) -> Rate:
    """Order of the theoretical squared radius of one stage, `H^2 (M k log(1 + 2 K) + log N + log(H / delta))`.

    Derived here as in the bandit case: targets span [0, H], heads are covered at scale 1/K, a union over stages; constants left out.
    """
    log_class = jnp.asarray(tasks) * rank * jnp.log1p(2.0 * jnp.asarray(episodes, float)) + log_covering
    return jnp.asarray(stages, float) ** 2 * (log_class + jnp.log(stages / jnp.asarray(delta)))
