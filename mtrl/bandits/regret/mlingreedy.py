"""MLinGreedy: doubling epochs, each acting greedily on a low-rank fit of the one before.

Yang, Hu, Lee and Du, "Impact of representation learning in linear bandits", ICLR 2021, Algorithm 1 (finitely many
arms with random contexts, whose diversity replaces exploration): at rounds 1, 2, 4, 8, ... solve `min over B, W of
sum_i ||y_i - X_i B w_i||^2` on the epoch's data only, and act greedily on it through the next epoch. The fit is
alternating least squares from a spectral start (`low_rank.alternate`).
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from mtrl.bandits.problem import check_tasks, first_best, take_arm
from mtrl.numerics.algorithm import Algorithm
from mtrl.numerics.checks import check_positive, check_rank
from mtrl.numerics.low_rank import alternate, spectral_start
from mtrl.numerics.moments import Moments, add_row, no_moments
from mtrl.numerics.types import Scalar


class State(NamedTuple):
    """This epoch's statistics and the last epoch's estimate."""

    data: Moments
    basis: Float[Array, "dim rank"]  # B_hat of the last epoch
    heads: Float[Array, "task rank"]  # w_hat_i of the last epoch
    round: Int[Array, ""]


def mlingreedy(*, rank: int = 2, ridge: Scalar = 1e-3, sweeps: int = 15) -> Algorithm:
    """MLinGreedy; the first epoch plays the first arm.

    Args:
      rank: k.
      ridge: lam, above 0, only for regular solves.
      sweeps: alternations per fit.

    Raises:
      BadInput: a ridge that is not positive, or (in `init`) a rank that does not fit.
    """
    check_positive(ridge=ridge)

    def init(key, view):
        del key
        check_rank(rank, view.dim)
        return State(
            no_moments(view.tasks, view.dim, view.dtype),
            jnp.eye(view.dim, rank, dtype=view.dtype),
            jnp.zeros((view.tasks, rank), view.dtype),
            jnp.zeros((), jnp.int32),
        )

    def select(key, state, view):
        del key
        check_tasks(view.contexts, state.heads)
        return first_best(jnp.einsum("mad,md->ma", view.contexts, state.heads @ state.basis.T))

    def update(key, state, view, action, feedback):
        """At the end of an epoch fit, and forget the epoch's data."""
        del key
        data = add_row(state.data, take_arm(view.contexts, action), feedback)
        played = state.round + 1
        small = jnp.asarray(ridge, data.cross.dtype)

        def new_epoch(data):
            found = alternate(data, spectral_start(data, rank, small), ridge=small, sweeps=sweeps)
            return State(jax.tree.map(jnp.zeros_like, data), found.basis, found.heads, played)

        doubled = (played & (played - 1)) == 0  # powers of two
        return jax.lax.cond(doubled, new_epoch, lambda data: State(data, state.basis, state.heads, played), data), ()

    return Algorithm(init, select, update)
