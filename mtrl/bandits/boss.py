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

import dataclasses
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from mtrl.bandits.checks import check_sizes
from mtrl.bandits.sequential import Info, TaskRound, episode
from mtrl.numerics.algorithm import Algorithm
from mtrl.numerics.types import PRNGKey, Scalar


@dataclasses.dataclass(frozen=True)
class Config:
    """Settings fixed at compile time."""

    experts: int = 1000
    include_truth: bool = False  # put the true subspace among the experts


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


def init(key: PRNGKey, problem: Any, config: Config) -> State:
    """Draw the cover; nobody is charged.

    Raises:
      BadInput: sizes that do not fit.
    """
    check_sizes(tasks=1, rank=problem.rank, width=problem.dim)
    experts, _ = jnp.linalg.qr(jax.random.normal(key, (config.experts, problem.dim, problem.rank), problem.dtype))
    if config.include_truth:
        experts = experts.at[-1].set(problem.basis)
    return State(experts, jnp.zeros(config.experts, problem.dtype), jnp.zeros((), jnp.int32))


def uncovered(experts: Float[Array, "expert dim rank"], estimate: Float[Array, " dim"]) -> Float[Array, " expert"]:
    """`||theta_hat - B_e B_e^T theta_hat||` of every expert."""
    inside = jnp.sum(jnp.einsum("edk,d->ek", experts, estimate) ** 2, axis=1)
    return jnp.sqrt(jnp.maximum(jnp.sum(estimate**2) - inside, 0.0))


def draw_expert(key: PRNGKey, misses: Float[Array, " expert"], rate: Scalar) -> Int[Array, ""]:
    """Exponential weights, `P(e) ~ exp(-rate misses_e)`, by inverting the distribution function: one random number for all experts."""
    weight = jnp.cumsum(jnp.exp(-jnp.asarray(rate, misses.dtype) * (misses - jnp.min(misses))))
    return jnp.sum(jax.random.uniform(key, (), misses.dtype) * weight[-1] >= weight[:-1])


def step(
    key: PRNGKey,
    state: State,
    data: TaskRound,
    *,
    explore: Scalar,
    identify: Scalar,
    cover: Scalar,
    chance: Scalar,
    length: Scalar,
    rate: Scalar = 1.0,
) -> tuple[State, Info]:
    """Play one task.

    Args:
      key: the coin and the expert.
      state: experts and charges.
      data: the task.
      explore, identify, cover, chance: tau_1, tau_2, alpha, p (`schedule`).
      length: tau.
      rate: learning rate per missed parameter.
    """
    coin, draw = jax.random.split(key)
    dtype = data.parameter.dtype
    exploring = (state.round == 0) | jax.random.bernoulli(coin, chance)
    expert = state.experts[draw_expert(draw, state.misses, rate)]
    full = episode(data, jnp.eye(data.parameter.shape[0], dtype=dtype), explore, length)
    inside = episode(data, expert, identify, length)
    missed = (uncovered(state.experts, full.estimate) > cover).astype(dtype)
    misses = state.misses + jnp.where(exploring, missed, 0.0)
    regret = jnp.where(exploring, full.regret, inside.regret)
    return State(state.experts, misses, state.round + 1), Info(regret, exploring.astype(dtype))


BOSS = Algorithm(init, step)
