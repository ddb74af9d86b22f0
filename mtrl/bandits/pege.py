"""PEGE, one per task: explore the axes of a subspace, then commit to the estimated best direction.

The single-task counterpart of E2TC on the unit ball (Rusmevichientong and Tsitsiklis, "Linearly parameterized
bandits", 2010, with one exploration phase as the horizon T is known): `pulls` times every column of an orthonormal
basis U, least squares `w_i = U^T theta_i + noise`, then `U w_i / ||w_i||` for ever. U = I is PEGE, U = B the oracle
that knows the subspace. Regret ~O(dim(U) sqrt(T)) with `pulls = sqrt(T)`.
"""

from typing import Any, NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from mtrl.bandits.problem import World, unit
from mtrl.bandits.rounds import BallRound, Info, act
from mtrl.numerics.algorithm import Algorithm
from mtrl.numerics.types import PRNGKey, Scalar


class State(NamedTuple):
    """Reward sums along the columns of the basis."""

    sums: Float[Array, "task rank"]  # sum of rewards of every column
    counts: Float[Array, " rank"]  # pulls of every column
    round: Int[Array, ""]


def start(tasks: int, columns: int, dtype: Any) -> State:
    """Nothing pulled yet."""
    return State(jnp.zeros((tasks, columns), dtype), jnp.zeros(columns, dtype), jnp.zeros((), jnp.int32))


def init(key: PRNGKey, problem: World, config: Any = None) -> State:
    """Start without data, on all d axes."""
    del key, config
    return start(problem.tasks, problem.dim, problem.dtype)


def init_known(key: PRNGKey, problem: World, config: Any = None) -> State:
    """Start without data, on the k columns of the true basis."""
    del key, config
    return start(problem.tasks, problem.rank, problem.dtype)


def explore_commit(
    state: State,
    data: BallRound,
    basis: Float[Array, "dim rank"],
    *,
    explore: Scalar,
    columns: Scalar | None = None,
) -> tuple[State, Info]:
    """One round: pull the columns in turn for `explore` rounds, then play the estimate.

    Args:
      state: reward sums.
      data: the round.
      basis: U, orthonormal columns.
      explore: number of exploring rounds N.
      columns: how many leading columns are in use; all when None.
    """
    width = basis.shape[1]
    columns = jnp.asarray(width if columns is None else columns, state.round.dtype)
    column = state.round % columns
    estimate = unit((state.sums / jnp.maximum(state.counts, 1.0)) @ basis.T)
    exploring = state.round < explore
    action = jnp.where(exploring, basis[:, column], estimate)
    feedback, info = act(data, action)
    one = jnp.where(exploring & (jnp.arange(width) == column), 1.0, 0.0).astype(state.sums.dtype)
    return State(state.sums + feedback.rewards[:, None] * one, state.counts + one, state.round + 1), info


def step(key: PRNGKey, state: State, data: BallRound, *, explore: Scalar) -> tuple[State, Info]:
    """PEGE's round on all d axes; `explore` is the number of exploring rounds, `d sqrt(T)` in the theory."""
    del key
    return explore_commit(state, data, jnp.eye(data.parameters.shape[1], dtype=data.parameters.dtype), explore=explore)


def known_step(key: PRNGKey, state: State, data: BallRound, *, explore: Scalar) -> tuple[State, Info]:
    """The oracle's round on the columns of the true basis; `explore` is `k sqrt(T)` in the theory."""
    del key
    return explore_commit(state, data, data.basis, explore=explore)


PEGE = Algorithm(init, step)
PEGE_KNOWN = Algorithm(init_known, known_step)
