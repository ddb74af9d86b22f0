"""Running sufficient statistics of M ridge regressions."""

from typing import Any, NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from mtrl.bandits.checks import check_heads
from mtrl.bandits.rounds import Feedback
from mtrl.numerics.linalg.rank_one import inverse_update
from mtrl.numerics.types import Scalar


class RidgeState(NamedTuple):
    """M ridge regressions with their inverses kept up to date."""

    inverse: Float[Array, "task dim dim"]  # V_i^-1, V_i = lam I + sum x x^T
    moment: Float[Array, "task dim"]  # b_i = sum x r
    ridge: Float[Array, ""]  # lam
    round: Int[Array, ""]  # rounds played


def ridge_init(tasks: int, dim: int, ridge: Scalar, dtype: Any) -> RidgeState:
    """No data: V_i = lam I."""
    ridge = jnp.asarray(ridge, dtype)
    inverse = jnp.broadcast_to(jnp.eye(dim, dtype=dtype) / ridge, (tasks, dim, dim))
    return RidgeState(inverse, jnp.zeros((tasks, dim), dtype), ridge, jnp.zeros((), jnp.int32))


def ridge_update(state: RidgeState, feedback: Feedback) -> RidgeState:
    """Add one observation per task (Sherman-Morrison)."""
    inverse = inverse_update(state.inverse, feedback.inputs)
    moment = state.moment + feedback.inputs * feedback.rewards[:, None]
    return state._replace(inverse=inverse, moment=moment, round=state.round + 1)


def ridge_heads(state: RidgeState) -> Float[Array, "task dim"]:
    """Ridge estimates `theta_i = V_i^-1 b_i`."""
    return jnp.einsum("mij,mj->mi", state.inverse, state.moment)


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
    check_heads(contexts, state.moment)
    return jnp.einsum("mai,mi->ma", contexts, ridge_heads(state)), squared_widths(state.inverse, contexts)
