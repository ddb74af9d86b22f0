"""Running sufficient statistics of M ridge regressions, and the algorithms that are an index on them."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from mtrl.bandits.problem import check_tasks, first_best, take_arm
from mtrl.numerics.algorithm import Algorithm
from mtrl.numerics.checks import check_positive
from mtrl.numerics.linalg.rank_one import inverse_update
from mtrl.numerics.types import Scalar


class RidgeState(NamedTuple):
    """M ridge regressions with their inverses kept up to date."""

    inverse: Float[Array, "task dim dim"]  # V_i^-1, V_i = lam I + sum x x^T
    cross: Float[Array, "task dim"]  # b_i = sum x r
    round: Int[Array, ""]  # rounds played


def ridge_init(tasks: int, dim: int, ridge: Scalar, dtype: Any) -> RidgeState:
    """No data: V_i = lam I."""
    inverse = jnp.broadcast_to(jnp.eye(dim, dtype=dtype) / jnp.asarray(ridge, dtype), (tasks, dim, dim))
    return RidgeState(inverse, jnp.zeros((tasks, dim), dtype), jnp.zeros((), jnp.int32))


def ridge_update(state: RidgeState, x: Float[Array, "task dim"], rewards: Float[Array, " task"]) -> RidgeState:
    """Add one observation per task (Sherman-Morrison)."""
    return RidgeState(inverse_update(state.inverse, x), state.cross + x * rewards[:, None], state.round + 1)


def ridge_heads(state: RidgeState) -> Float[Array, "task dim"]:
    """Ridge estimates `theta_i = V_i^-1 b_i`."""
    return jnp.einsum("mij,mj->mi", state.inverse, state.cross)


def squared_widths(
    inverse: Float[Array, "task dim dim"], contexts: Float[Array, "task arm dim"]
) -> Float[Array, "task arm"]:
    """`||x||^2_{V_i^-1}` of every arm, never negative."""
    return jnp.maximum(jnp.sum(jnp.einsum("mai,mij->maj", contexts, inverse) * contexts, axis=-1), 0.0)


def ridge_index(
    state: RidgeState, contexts: Float[Array, "task arm dim"]
) -> tuple[Float[Array, "task arm"], Float[Array, "task arm"]]:
    """Mean estimates `<x, V_i^-1 b_i>` and squared widths `||x||^2_{V_i^-1}` of every arm.

    Raises:
      BadInput: the arms have another number of tasks than the statistics.
    """
    check_tasks(contexts, state.cross)
    return jnp.einsum("mai,mi->ma", contexts, ridge_heads(state)), squared_widths(state.inverse, contexts)


def index_algorithm(
    multiplier: Callable[[Float[Array, ""], int], Scalar], ridge: Scalar, *, known_features: bool = False
) -> Algorithm:
    """The arm with the largest `<x, theta_i> + multiplier ||x||_{V_i^-1}` in every task.

    Args:
      multiplier: from (rounds played, dimension of the inputs).
      ridge: lam.
      known_features: an oracle on the true features instead of the inputs.

    Raises:
      BadInput: the ridge is not a positive number.
    """
    check_positive(ridge=ridge, hint="without data the width of an arm is ||x|| / sqrt(ridge)")

    def inputs(seen):
        return seen.truth.features if known_features else seen.contexts

    def init(key, view):
        del key
        return ridge_init(view.tasks, view.rank if known_features else view.dim, ridge, view.dtype)

    def select(key, state, view):
        del key
        values, squares = ridge_index(state, inputs(view))
        width = multiplier(state.round.astype(values.dtype), state.cross.shape[1])
        return first_best(values + jnp.asarray(width, values.dtype) * jnp.sqrt(squares))

    def update(key, state, view, action, feedback):
        del key
        return ridge_update(state, take_arm(inputs(view), action), feedback), ()

    return Algorithm(init, select, update, known_features)
