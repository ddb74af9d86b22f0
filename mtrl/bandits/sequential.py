"""Tasks one after another: N linear bandits of tau rounds on the unit ball, whose parameters fill a subspace only slowly.

The world of BOSS (Duong, Wang and Zhang, "Beyond task diversity", NeurIPS 2024): a round of the driver is a whole task. An
explore-then-commit episode is not played pull by pull: with Gaussian noise the least-squares estimate along an orthonormal basis is exactly
`U^T theta + sigma sqrt(c / n) N(0, I)` after n pulls in turn of the c columns, and the regret follows in closed form.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from mtrl.bandits.problem import Sizes, unit
from mtrl.numerics.algorithm import Algorithm
from mtrl.numerics.keys import split_named
from mtrl.numerics.types import PRNGKey, Scalar


class SequentialParams(NamedTuple):
    """A hidden basis whose columns come into use one after another."""

    basis: Float[Array, "dim rank"]  # B, orthonormal columns
    reveals: Float[Array, " rank"]  # index of the task from which each column is in use; 0 for the first
    noise: Float[Array, ""]  # sigma
    adversary: Float[
        Array, ""
    ]  # 1: exploring tasks of a fixed timetable see the first column only, the others the rest

    @property
    def sizes(self) -> Sizes:
        """One task at a time."""
        return Sizes(1, self.basis.shape[0], self.basis.shape[1], self.basis.dtype)

    tasks = property(lambda self: self.sizes.tasks)
    dim = property(lambda self: self.sizes.dim)
    rank = property(lambda self: self.sizes.rank)
    dtype = property(lambda self: self.sizes.dtype)


class TaskRound(NamedTuple):
    """One task. The parameter is touched through `episode` only."""

    parameter: Float[Array, " dim"]  # theta_n
    basis: Float[Array, "dim rank"]  # for the oracles only
    estimate_noise: Float[Array, " dim"]  # standard normals times sigma
    index: Int[Array, ""]  # n


class Info(NamedTuple):
    """What a task cost."""

    regret: Float[Array, ""]  # summed over the tau rounds of the task
    explored: Float[Array, ""]  # 1 when the whole space was explored


class Episode(NamedTuple):
    """The outcome of explore-then-commit in one task."""

    estimate: Float[Array, " dim"]  # theta_hat in the whole space
    regret: Float[Array, ""]


def sequential_params(
    key: PRNGKey,
    noise: Float[Array, ""],
    reveals: Float[Array, " rank"],
    adversary: Float[Array, ""],
    *,
    dim: int,
) -> SequentialParams:
    """Draw the subspace uniformly."""
    basis, _ = jnp.linalg.qr(jax.random.normal(key, (dim, reveals.shape[0]), noise.dtype))
    return SequentialParams(basis, reveals, noise, adversary)


def on_timetable(index: Int[Array, ""]) -> Bool[Array, ""]:
    """Whether SeqRepL explores at this task: 0, 1, 4, 9, ..."""
    root = jnp.floor(jnp.sqrt(index.astype(jnp.float32)) + 0.5).astype(index.dtype)
    return root * root == index


def task_round(key: PRNGKey, params: SequentialParams, t: Int[Array, ""]) -> TaskRound:
    """`theta = u B w / ||B w||`, w uniform on [-1, 1] in the columns in use, u uniform on [0.8, 1].

    The adversary knows SeqRepL's timetable and hides all columns but the first at its exploring tasks, and the first at all others
    (once there are others).
    """
    keys = split_named(key, "head", "norm", "noise")
    head = jax.random.uniform(keys["head"], (params.rank,), params.dtype, -1.0, 1.0)
    used = params.reveals <= t
    first = jnp.arange(params.rank) == 0
    hidden = jnp.where(on_timetable(t) | (jnp.sum(used) == 1), first, used & ~first)
    head = jnp.where(jnp.where(params.adversary > 0, hidden, used), head, 0.0)
    norm = jax.random.uniform(keys["norm"], (), params.dtype, 0.8, 1.0)
    noise = params.noise * jax.random.normal(keys["noise"], (params.dim,), params.dtype)
    return TaskRound(norm * params.basis @ unit(head), params.basis, noise, t)


def episode(data: TaskRound, basis: Float[Array, "dim rank"], explore: Scalar, length: Scalar) -> Episode:
    """Pull the columns of a basis in turn for `explore` rounds, commit to the estimate for the rest of `length`."""
    columns = basis.shape[1]
    along = basis.T @ data.parameter
    estimate = basis @ (along + jnp.sqrt(columns / jnp.asarray(explore, along.dtype)) * data.estimate_noise[:columns])
    best = jnp.linalg.norm(data.parameter)
    exploring = explore * (best - jnp.mean(along))
    committing = (length - explore) * (best - unit(estimate) @ data.parameter)
    return Episode(estimate, (exploring + committing).astype(best.dtype))


class Clock(NamedTuple):
    """State of the methods that carry nothing from task to task."""

    round: Int[Array, ""]


def clock_init(key: PRNGKey, problem: Any, config: Any = None) -> Clock:
    """Start the clock."""
    del key, problem, config
    return Clock(jnp.zeros((), jnp.int32))


def pege_step(key: PRNGKey, state: Clock, data: TaskRound, *, explore: Scalar, length: Scalar) -> tuple[Clock, Info]:
    """PEGE on all d axes in every task, nothing transferred."""
    del key
    played = episode(data, jnp.eye(data.parameter.shape[0], dtype=data.parameter.dtype), explore, length)
    return Clock(state.round + 1), Info(played.regret, jnp.ones_like(played.regret))


def oracle_step(key: PRNGKey, state: Clock, data: TaskRound, *, explore: Scalar, length: Scalar) -> tuple[Clock, Info]:
    """PEGE inside the true subspace in every task."""
    del key
    played = episode(data, data.basis, explore, length)
    return Clock(state.round + 1), Info(played.regret, jnp.zeros_like(played.regret))


class SpectralState(NamedTuple):
    """What SeqRepL has seen."""

    second: Float[Array, "dim dim"]  # sum of theta_hat theta_hat^T over explored tasks
    round: Int[Array, ""]


def seqrepl_init(key: PRNGKey, problem: Any, config: Any = None) -> SpectralState:
    """Nothing explored."""
    del key, config
    return SpectralState(jnp.zeros((problem.dim, problem.dim), problem.dtype), jnp.zeros((), jnp.int32))


def seqrepl_step(
    key: PRNGKey, state: SpectralState, data: TaskRound, *, explore: Scalar, identify: Scalar, length: Scalar
) -> tuple[SpectralState, Info]:
    """SeqRepL (Qin et al. 2022, as BOSS's authors compare it): explore at 0, 1, 4, 9, ..., else trust the top singular subspace."""
    del key
    dim, rank = data.basis.shape
    exploring = on_timetable(data.index)
    full = episode(data, jnp.eye(dim, dtype=data.parameter.dtype), explore, length)
    _, vectors = jnp.linalg.eigh(state.second)
    inside = episode(data, vectors[:, dim - rank :], identify, length)
    second = state.second + jnp.where(exploring, 1.0, 0.0).astype(full.estimate.dtype) * jnp.outer(
        full.estimate, full.estimate
    )
    regret = jnp.where(exploring, full.regret, inside.regret)
    return SpectralState(second, state.round + 1), Info(regret, exploring.astype(regret.dtype))


SEQUENTIAL_PEGE = Algorithm(clock_init, pege_step)
SEQUENTIAL_ORACLE = Algorithm(clock_init, oracle_step)
SEQREPL = Algorithm(seqrepl_init, seqrepl_step)
