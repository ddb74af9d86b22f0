"""SeqRepL for tasks one after another, and its two envelopes: PEGE in the whole space and in the true subspace.

Qin et al. 2022, as the authors of BOSS compare it: explore the whole space at the tasks 0, 1, 4, 9, ..., and between them trust the
leading singular subspace of what was found there.
"""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from mtrl.bandits.sequential import choose, on_timetable, plan
from mtrl.numerics.algorithm import Algorithm
from mtrl.numerics.checks import check_positive, check_rank
from mtrl.numerics.types import Scalar


class State(NamedTuple):
    """What SeqRepL has seen."""

    second: Float[Array, "dim dim"]  # sum of theta_hat theta_hat^T over explored tasks
    round: Int[Array, ""]


def sequential_pege(*, explore: Scalar, known_subspace: bool = False) -> Algorithm:
    """PEGE in every task, nothing transferred.

    Args:
      explore: exploring rounds per task.
      known_subspace: an oracle inside the true subspace instead of on all d axes.

    Raises:
      BadInput: `explore` is not a positive number.
    """
    check_positive(explore=explore)

    def init(key, view):
        del key
        return jnp.eye(view.dim, dtype=view.dtype)

    def select(key, state, view):
        del key
        return plan(view.truth.basis if known_subspace else state, explore)

    def update(key, state, view, action, feedback):
        del key, view, action, feedback
        return state, ()

    return Algorithm(init, select, update, known_subspace)


def seqrepl(*, explore: Scalar, identify: Scalar, rank: int = 2) -> Algorithm:
    """SeqRepL.

    Args:
      explore: exploring rounds of a task in the whole space.
      identify: exploring rounds inside the subspace.
      rank: m.

    Raises:
      BadInput: a stage without rounds, or (in `init`) a rank that does not fit.
    """
    check_positive(explore=explore, identify=identify)

    def init(key, view):
        del key
        check_rank(rank, view.dim)
        return State(jnp.zeros((view.dim, view.dim), view.dtype), jnp.zeros((), jnp.int32))

    def select(key, state, view):
        del key, view
        dim = state.second.shape[0]
        everywhere = plan(jnp.eye(dim, dtype=state.second.dtype), explore)
        _, vectors = jnp.linalg.eigh(state.second)
        inside = plan(vectors[:, dim - rank :], identify)
        return choose(on_timetable(state.round), everywhere, inside)

    def update(key, state, view, action, feedback):
        del key, view
        weight = on_timetable(state.round).astype(feedback.dtype)
        return State(state.second + weight * jnp.outer(feedback, feedback), state.round + 1), ()

    return Algorithm(init, select, update)
