"""E2TC: explore the shared subspace together, explore inside it, then commit (unit-ball actions).

Yang, Hu, Lee and Du, "Impact of representation learning in linear bandits", ICLR 2021, Algorithm 2:

1. N1 rounds: every task plays uniformly on the sphere; `Z = (1 / (M N1)) sum r^2 x x^T`, B_hat = its top-k eigenvectors
   (`theory.sphere_moment` is its expectation);
2. N2 rounds: every task pulls the columns of B_hat in turn, least squares `w_hat_i`;
3. commit to `B_hat w_hat_i / ||w_hat_i||`.

With an unknown rank (`config.rank = 0`, ours): k_hat counts the eigenvalues of Z above the edge of its noise, the
median eigenvalue plus `edge 2 sqrt(d v)`, where `v = mean(r^4) / (d (d + 2) M N1)` is the variance of an off-diagonal
entry (the semicircle's edge); if none is above, nothing is known of the subspace and all d axes are used.
"""

import dataclasses
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from mtrl.bandits import pege
from mtrl.bandits.checks import check_sizes
from mtrl.bandits.problem import World, sphere
from mtrl.bandits.rounds import BallRound, Info, act
from mtrl.numerics.algorithm import Algorithm
from mtrl.numerics.types import PRNGKey, Scalar


@dataclasses.dataclass(frozen=True)
class Config:
    """Settings fixed at compile time."""

    rank: int = 2  # k; 0: unknown, estimated from the spectrum


class State(NamedTuple):
    """The moment matrix of stage 1 and the reward sums of stage 2."""

    moment: Float[Array, "dim dim"]  # sum of r^2 x x^T over tasks and rounds
    fourth: Float[Array, ""]  # sum of r^4
    basis: Float[Array, "dim dim"]  # eigenvectors of Z, leading first; the leading `rank` columns are B_hat
    rank: Int[Array, ""]  # k, or its estimate k_hat
    inside: pege.State  # stages 2 and 3
    round: Int[Array, ""]


def init(key: PRNGKey, problem: World, config: Config) -> State:
    """Start without data.

    Raises:
      BadInput: sizes that do not fit.
    """
    del key
    tasks, dim, dtype = problem.tasks, problem.dim, problem.dtype
    check_sizes(tasks=tasks, rank=config.rank or 1, width=dim)
    zero = jnp.zeros((), jnp.int32)
    return State(
        jnp.zeros((dim, dim), dtype),
        jnp.zeros((), dtype),
        jnp.eye(dim, dtype=dtype),
        zero + config.rank,
        pege.start(tasks, dim, dtype),
        zero,
    )


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


def step(
    key: PRNGKey, state: State, data: BallRound, *, explore: Scalar, identify: Scalar, edge: Scalar = 1.2
) -> tuple[State, Info]:
    """One round of whichever stage the clock is in.

    Args:
      key: the uniform actions of stage 1.
      state: statistics.
      data: the round.
      explore: N1, rounds of stage 1 (`d^1.5 k sqrt(T / M)`).
      identify: N2, rounds of stage 2 (`k sqrt(T)`).
      edge: for an unknown rank.
    """
    tasks, dim = data.parameters.shape
    dtype = data.parameters.dtype

    def explore_sphere(state):
        x = sphere(key, (tasks, dim), dtype)
        feedback, info = act(data, x)
        squares = feedback.rewards**2
        moment = state.moment + (x * squares[:, None]).T @ x
        return state._replace(moment=moment, fourth=state.fourth + jnp.sum(squares**2)), info

    def eigenvectors(state):
        samples = tasks * jnp.maximum(jnp.asarray(explore, dtype), 1.0)
        values, vectors = jnp.linalg.eigh(state.moment / samples)
        found = estimate_rank(values, state.fourth / samples, samples, edge)
        return state._replace(basis=vectors[:, ::-1], rank=jnp.where(state.rank > 0, state.rank, found))

    def inside(state):
        # The first round with `round >= explore` closes stage 1.
        state = jax.lax.cond(state.round - 1 < explore, eigenvectors, lambda s: s, state)
        pulled, info = pege.explore_commit(state.inside, data, state.basis, explore=identify, columns=state.rank)
        return state._replace(inside=pulled), info

    state, info = jax.lax.cond(state.round < explore, explore_sphere, inside, state)
    return state._replace(round=state.round + 1), info


E2TC = Algorithm(init, step)
