"""BOSS: bandit online subspace selection for tasks that come one after another and need not be diverse.

Duong, Wang and Zhang, "Beyond task diversity: provable representation transfer for sequential multi-task linear
bandits", NeurIPS 2024, arXiv 2501.13390, Algorithm 1, with the settings of their public experiments. Each of N tasks of
length tau flips a coin:

- explore (probability p): PEGE on all d axes for `tau_1 = d^(4/3) tau^(1/3)` rounds, which reveals `theta_hat`; every
  expert B_e of a cover of the m-dimensional subspaces is charged `(C_miss - C_hit) / p` when it fails to alpha-cover it,
  `||theta_hat - B_e B_e^T theta_hat|| > alpha = d / sqrt(tau_1)`;
- exploit: draw an expert by exponential weights and run PEGE inside its subspace for `tau_2 = m sqrt(tau)` rounds, then
  commit.

The first task explores. The cover is a random sample of subspaces (the paper's experiments too), with the true one among them on
demand. Charges are counted in misses, so that `rate` is the paper's eta times (C_miss - C_hit) / p.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from mtrl.bandits.sequential import choose, plan
from mtrl.numerics.algorithm import Algorithm
from mtrl.numerics.checks import check_nonnegative, check_positive, check_rank, check_whole
from mtrl.numerics.types import PRNGKey, Scalar


class State(NamedTuple):
    """The experts and what they were charged."""

    experts: Float[Array, "expert dim rank"]  # orthonormal columns
    misses: Float[Array, " expert"]  # number of revealed parameters they failed to cover
    round: Int[Array, ""]


class Schedule(NamedTuple):
    """The settings of the theorem, up to constants."""

    explore: Float[Array, ""]  # tau_1
    identify: Float[Array, ""]  # tau_2
    cover: Float[Array, ""]  # alpha
    chance: Float[Array, ""]  # p


def schedule(tasks: Scalar, length: Scalar, *, dim: Scalar, rank: Scalar) -> Schedule:
    """`tau_1 = d^(4/3) tau^(1/3)`, `tau_2 = m sqrt(tau)`, `alpha = d / sqrt(tau_1)`, p as below.

    `p = sqrt(tau d m / (N (tau_1 + d^(2/3) tau^(2/3))))`.
    """
    tasks, length, dim, rank = (jnp.asarray(x, float) for x in (tasks, length, dim, rank))
    explore = jnp.minimum(dim ** (4 / 3) * length ** (1 / 3), length)
    identify = jnp.minimum(rank * jnp.sqrt(length), length)
    chance = jnp.sqrt(length * dim * rank / (tasks * (explore + (dim * length) ** (2 / 3))))
    return Schedule(explore, identify, dim / jnp.sqrt(explore), jnp.minimum(chance, 1.0))


def uncovered(experts: Float[Array, "expert dim rank"], estimate: Float[Array, " dim"]) -> Float[Array, " expert"]:
    """`||theta_hat - B_e B_e^T theta_hat||` of every expert."""
    inside = jnp.sum(jnp.einsum("edk,d->ek", experts, estimate) ** 2, axis=1)
    return jnp.sqrt(jnp.maximum(jnp.sum(estimate**2) - inside, 0.0))


def draw_expert(key: PRNGKey, misses: Float[Array, " expert"], rate: Scalar) -> Int[Array, ""]:
    """Exponential weights, `P(e) ~ exp(-rate misses_e)`, by inverting the distribution function: one random number for all experts."""
    weight = jnp.cumsum(jnp.exp(-jnp.asarray(rate, misses.dtype) * (misses - jnp.min(misses))))
    return jnp.sum(jax.random.uniform(key, (), misses.dtype) * weight[-1] >= weight[:-1])


def boss(
    *,
    explore: Scalar,
    identify: Scalar,
    cover: Scalar,
    chance: Scalar,
    rate: Scalar = 1.0,
    rank: int = 2,
    experts: int = 1000,
    include_truth: bool = False,
) -> Algorithm:
    """BOSS; `schedule` gives the theorem's settings.

    Args:
      explore, identify, cover, chance: tau_1, tau_2, alpha, p.
      rate: learning rate per missed parameter.
      rank: m.
      experts: size of the cover.
      include_truth: put the true subspace among the experts, in the last place; this makes it an oracle.

    Raises:
      BadInput: a number outside its range, or (in `init`) a rank that does not fit.
    """
    check_positive(explore=explore, identify=identify)
    check_nonnegative(cover=cover, chance=chance, rate=rate)
    check_whole(experts=experts)

    def init(key, view):
        check_rank(rank, view.dim)
        cover, _ = jnp.linalg.qr(jax.random.normal(key, (experts, view.dim, rank), view.dtype))
        return State(cover, jnp.zeros(experts, view.dtype), jnp.zeros((), jnp.int32))

    def exploring(coin, state) -> Bool[Array, ""]:
        return (state.round == 0) | jax.random.bernoulli(coin, chance)

    def select(key, state, view):
        dim, dtype = state.experts.shape[1], state.experts.dtype
        coin, luck = jax.random.split(key)
        expert = draw_expert(luck, state.misses, rate)
        basis = state.experts[expert]
        if include_truth:
            basis = jnp.where(expert == experts - 1, view.truth.basis, basis)
        return choose(exploring(coin, state), plan(jnp.eye(dim, dtype=dtype), explore), plan(basis, identify))

    def update(key, state, view, action, feedback):
        distance = uncovered(state.experts, feedback)
        if include_truth:
            distance = distance.at[-1].set(uncovered(view.truth.basis[None], feedback)[0])
        missed = (distance > jnp.asarray(cover, distance.dtype)).astype(distance.dtype)
        coin, _ = jax.random.split(key)  # the same as in `select`
        misses = state.misses + jnp.where(exploring(coin, state), missed, 0.0)
        return State(state.experts, misses, state.round + 1), ()

    return Algorithm(init, select, update, include_truth)
