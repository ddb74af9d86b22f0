"""E2TC: explore the shared subspace together, explore inside it, then commit (unit-ball actions).

Yang, Hu, Lee and Du, "Impact of representation learning in linear bandits", ICLR 2021, Algorithm 2:

1. N1 rounds: every task plays uniformly on the sphere; `Z = (1 / (M N1)) sum r^2 x x^T`, B_hat = its top-k eigenvectors
   (`theory.sphere_moment` is its expectation);
2. N2 rounds: every task pulls the columns of B_hat in turn, least squares `w_hat_i`;
3. commit to `B_hat w_hat_i / ||w_hat_i||`.

With an unknown rank (`rank = 0`, ours): k_hat counts the eigenvalues of Z above the edge of its noise, the
median eigenvalue plus `edge 2 sqrt(d v)`, where `v = mean(r^4) / (d (d + 2) M N1)` is the variance of an off-diagonal
entry (the semicircle's edge); if none is above, nothing is known of the subspace and all d axes are used.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from mtrl.bandits.problem import sphere
from mtrl.bandits.regret.pege import State as Pulls
from mtrl.bandits.regret.pege import add_rewards, explore_commit, start
from mtrl.numerics.algorithm import Algorithm
from mtrl.numerics.checks import check_nonnegative, check_positive, check_rank
from mtrl.numerics.types import Scalar


class State(NamedTuple):
    """The moment matrix of stage 1 and the reward sums of stage 2."""

    moment: Float[Array, "dim dim"]  # sum of r^2 x x^T over tasks and rounds
    fourth: Float[Array, ""]  # sum of r^4
    basis: Float[Array, "dim dim"]  # eigenvectors of Z, leading first; the leading `rank` columns are B_hat
    rank: Int[Array, ""]  # k, or its estimate k_hat
    inside: Pulls  # stages 2 and 3
    round: Int[Array, ""]


def estimate_rank(
    eigenvalues: Float[Array, " dim"], fourth_mean: Scalar, samples: Scalar, edge: Scalar
) -> Int[Array, ""]:
    """Number of eigenvalues above the noise edge; d when there is none.

    Args:
      eigenvalues: of Z, any order.
      fourth_mean: mean of r^4.
      samples: M N1.
      edge: multiple of the semicircle's edge.
    """
    dim = eigenvalues.shape[0]
    variance = fourth_mean / (dim * (dim + 2.0) * samples)
    above = jnp.sum(eigenvalues > jnp.median(eigenvalues) + edge * 2.0 * jnp.sqrt(dim * variance))
    return jnp.where(above > 0, above, dim).astype(jnp.int32)


def e2tc(*, explore: Scalar, identify: Scalar, rank: int = 2, edge: Scalar = 1.2) -> Algorithm:
    """E2TC; `theory.e2tc_stages` gives the lengths of its stages.

    Args:
      explore: N1, rounds of stage 1 (`d^1.5 k sqrt(T / M)`).
      identify: N2, rounds of stage 2 (`k sqrt(T)`).
      rank: k; 0: unknown, estimated from the spectrum.
      edge: for an unknown rank, how far above the noise's edge an eigenvalue must stand.

    Raises:
      BadInput: a stage without rounds, a negative edge, or (in `init`) a rank that does not fit.
    """
    check_positive(explore=explore, identify=identify)
    check_nonnegative(edge=edge)

    def init(key, view):
        del key
        tasks, dim, dtype = view.tasks, view.dim, view.dtype
        check_rank(rank or 1, dim)
        zero = jnp.zeros((), jnp.int32)
        pulls = start(tasks, dim, dtype)
        return State(
            jnp.zeros((dim, dim), dtype), jnp.zeros((), dtype), jnp.eye(dim, dtype=dtype), zero + rank, pulls, zero
        )

    def searching(state):
        dtype = state.moment.dtype
        return state.round.astype(dtype) < jnp.asarray(explore, dtype)

    def select(key, state, view):
        del view
        return jax.lax.cond(
            searching(state),
            lambda: sphere(key, state.inside.sums.shape, state.moment.dtype),
            lambda: explore_commit(state.inside, state.basis, explore=identify, columns=state.rank),
        )

    def subspace(state):
        """What stage 1 has found: eigenvectors of Z, and the rank."""
        dtype = state.moment.dtype
        samples = state.inside.sums.shape[0] * jnp.asarray(explore, dtype)
        values, vectors = jnp.linalg.eigh(state.moment / samples)
        found = estimate_rank(values, state.fourth / samples, samples, jnp.asarray(edge, dtype))
        return state._replace(basis=vectors[:, ::-1], rank=jnp.where(state.rank > 0, state.rank, found))

    def update(key, state, view, action, feedback):
        del key, view

        def add_moment(state):
            squares = feedback**2
            moment = state.moment + (action * squares[:, None]).T @ action
            state = state._replace(moment=moment, fourth=state.fourth + jnp.sum(squares**2), round=state.round + 1)
            return jax.lax.cond(searching(state), lambda s: s, subspace, state)

        def add_pull(state):
            inside = add_rewards(state.inside, feedback, explore=identify, columns=state.rank)
            return state._replace(inside=inside, round=state.round + 1)

        return jax.lax.cond(searching(state), add_moment, add_pull, state), ()

    return Algorithm(init, select, update)
