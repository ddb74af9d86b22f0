"""MLinGreedy: doubling epochs, each acting greedily on a low-rank fit of the one before.

Yang, Hu, Lee and Du, "Impact of representation learning in linear bandits", ICLR 2021, Algorithm 1 (finitely many
arms with random contexts, whose diversity replaces exploration): at rounds 1, 2, 4, 8, ... solve `min over B, W of
sum_i ||y_i - X_i B w_i||^2` on the epoch's data only, and act greedily on it through the next epoch. The fit is
alternating least squares from a spectral start (`low_rank.fit`).
"""

import dataclasses
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from mtrl.bandits import low_rank
from mtrl.bandits.checks import check_heads, check_sizes
from mtrl.bandits.problem import World
from mtrl.bandits.rounds import ArmData, Info, first_best, pull
from mtrl.numerics.algorithm import Algorithm
from mtrl.numerics.types import PRNGKey


@dataclasses.dataclass(frozen=True)
class Config:
    """Settings fixed at compile time."""

    rank: int = 2  # k
    ridge: float = 1e-3  # lam, only for regular solves


class State(NamedTuple):
    """This epoch's statistics and the last epoch's estimate."""

    gram: Float[Array, "task dim dim"]
    moment: Float[Array, "task dim"]
    basis: Float[Array, "dim rank"]  # B_hat of the last epoch
    heads: Float[Array, "task rank"]  # w_hat_i of the last epoch
    ridge: Float[Array, ""]
    round: Int[Array, ""]


def init(key: PRNGKey, problem: World, config: Config) -> State:
    """Start without data; the first epoch plays the first arm.

    Raises:
      BadInput: sizes that do not fit.
    """
    del key
    tasks, dim, dtype = problem.tasks, problem.dim, problem.dtype
    check_sizes(tasks=tasks, rank=config.rank, width=dim)
    return State(
        jnp.zeros((tasks, dim, dim), dtype),
        jnp.zeros((tasks, dim), dtype),
        jnp.eye(dim, config.rank, dtype=dtype),
        jnp.zeros((tasks, config.rank), dtype),
        jnp.asarray(config.ridge, dtype),
        jnp.zeros((), jnp.int32),
    )


def step(key: PRNGKey, state: State, data: ArmData) -> tuple[State, Info]:
    """Act greedily; at the end of an epoch fit, and forget the epoch's data.

    Raises:
      BadInput: the arms are for other tasks than the state's.
    """
    del key
    check_heads(data.contexts, state.heads)
    parameters = state.heads @ state.basis.T
    feedback, info = pull(data, first_best(jnp.einsum("mad,md->ma", data.contexts, parameters)))
    x = feedback.inputs
    played = state.round + 1
    state = state._replace(
        gram=state.gram + x[:, :, None] * x[:, None, :],
        moment=state.moment + x * feedback.rewards[:, None],
        round=played,
    )

    def new_epoch(state):
        found = low_rank.fit(state.gram, state.moment, state.basis.shape[1], state.ridge)
        return state._replace(
            gram=jnp.zeros_like(state.gram), moment=jnp.zeros_like(state.moment), basis=found.basis, heads=found.heads
        )

    doubled = (played & (played - 1)) == 0  # powers of two
    return jax.lax.cond(doubled, new_epoch, lambda state: state, state), info


MLINGREEDY = Algorithm(init, step)
