"""PEGE, one per task: explore the axes of a subspace, then commit to the estimated best direction.

The single-task counterpart of E2TC on the unit ball (Rusmevichientong and Tsitsiklis, "Linearly parameterized
bandits", 2010, with one exploration phase as the horizon T is known): `pulls` times every column of an orthonormal
basis U, least squares `w_i = U^T theta_i + noise`, then `U w_i / ||w_i||` for ever. U = I is PEGE, U = B the oracle
that knows the subspace. Regret ~O(dim(U) sqrt(T)) with `pulls = sqrt(T)`.
"""

from typing import Any, NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from mtrl.bandits.problem import unit
from mtrl.numerics.algorithm import Algorithm
from mtrl.numerics.checks import check_positive
from mtrl.numerics.types import Scalar


class State(NamedTuple):
    """Reward sums along the columns of the basis."""

    sums: Float[Array, "task rank"]  # sum of rewards of every column
    counts: Float[Array, " rank"]  # pulls of every column
    round: Int[Array, ""]


def start(tasks: int, columns: int, dtype: Any) -> State:
    """Nothing pulled yet."""
    return State(jnp.zeros((tasks, columns), dtype), jnp.zeros(columns, dtype), jnp.zeros((), jnp.int32))


def _pulled(state: State, explore: Scalar, columns: Scalar | None) -> Bool[Array, " rank"]:
    """Which column this round explores: they take turns; none after `explore` rounds."""
    width = state.counts.shape[0]
    turn = state.round % jnp.asarray(width if columns is None else columns, state.round.dtype)
    dtype = state.sums.dtype
    return (state.round.astype(dtype) < jnp.asarray(explore, dtype)) & (jnp.arange(width, dtype=turn.dtype) == turn)


def explore_commit(
    state: State, basis: Float[Array, "dim rank"], *, explore: Scalar, columns: Scalar | None = None
) -> Float[Array, "task dim"]:
    """The round's actions: the columns in turn for `explore` rounds, then the estimate.

    Args:
      state: reward sums.
      basis: U, orthonormal columns.
      explore: number of exploring rounds N.
      columns: how many leading columns are in use; all when None.
    """
    pulled = _pulled(state, explore, columns)
    estimate = unit((state.sums / jnp.maximum(state.counts, 1.0)) @ basis.T)
    return jnp.where(jnp.any(pulled), basis[:, jnp.argmax(pulled)], estimate)


def add_rewards(
    state: State, rewards: Float[Array, " task"], *, explore: Scalar, columns: Scalar | None = None
) -> State:
    """Book the rewards to the column that was pulled, if one was."""
    one = _pulled(state, explore, columns).astype(state.sums.dtype)
    return State(state.sums + rewards[:, None] * one, state.counts + one, state.round + 1)


def pege(*, explore: Scalar, known_subspace: bool = False) -> Algorithm:
    """PEGE.

    Args:
      explore: number of exploring rounds: `d sqrt(T)` in the theory, `k sqrt(T)` with a known subspace.
      known_subspace: an oracle on the columns of the true basis instead of all d axes.

    Raises:
      BadInput: `explore` is not a positive number.
    """
    check_positive(explore=explore)

    def init(key, view):
        del key
        return start(view.tasks, view.rank if known_subspace else view.dim, view.dtype)

    def select(key, state, view):
        del key
        eye = jnp.eye(state.counts.shape[0], dtype=state.sums.dtype)
        return explore_commit(state, view.truth.basis if known_subspace else eye, explore=explore)

    def update(key, state, view, action, feedback):
        del key, view, action
        return add_rewards(state, feedback, explore=explore), ()

    return Algorithm(init, select, update, known_subspace)
