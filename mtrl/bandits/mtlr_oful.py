"""MTLR-OFUL: multitask low-rank optimism in the face of uncertainty.

Hu, Chen, Jin, Li and Wang, "Near-optimal representation learning for linear bandits and linear RL", ICML 2021,
Algorithm 1:

1. `(B_hat, W_hat) = argmin sum_i ||y_i - X_i B w_i||^2`;
2. `C_t = {(B, W): sum_i ||B_hat w_hat_i - B w_i||^2_{V_i(lam)} <= L, B orthonormal}`, `L = ~O(M k + k d)`;
3. one optimistic pair (B, W) of C_t and one action per task maximise the summed value.

Steps 1 and 3 cannot be computed exactly. Here the centre is alternating least squares, one warm-started sweep a
round, and step 3 is one of

- `relaxed`: the rank constraint is dropped from C_t, which leaves a joint ellipsoid in R^{M d}: the value
  `sum_i <x_i, B_hat w_hat_i> + sqrt(L sum_i ||x_i||^2_{V_i^-1})` is an upper bound on the paper's;
- `projected`: B = B_hat is kept, which leaves a joint ellipsoid in R^{M k}, with `||B_hat^T x_i||` in the metric
  `(B_hat^T V_i B_hat)^-1`: a lower bound.

Both keep the tasks' shared budget (the root of the sum). `gfucb_linear` lies between them. The paper's constraint
`||B w_i|| <= 1` is not imposed on the centre.
"""

import dataclasses
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from mtrl.bandits import low_rank
from mtrl.bandits.checks import check_choice, check_heads, check_radius, check_sizes
from mtrl.bandits.joint_index import joint_argmax
from mtrl.bandits.linear_stats import squared_widths
from mtrl.bandits.problem import World
from mtrl.bandits.rounds import ArmData, Info, pull
from mtrl.numerics.algorithm import Algorithm
from mtrl.numerics.linalg import elimination
from mtrl.numerics.linalg.rank_one import inverse_update
from mtrl.numerics.types import PRNGKey, Scalar

BONUSES = ("relaxed", "projected")


@dataclasses.dataclass(frozen=True)
class Config:
    """Settings fixed at compile time."""

    rank: int = 2  # k
    ridge: float = 1.0  # lam


class State(NamedTuple):
    """Statistics of every task and the current centre."""

    gram: Float[Array, "task dim dim"]  # X_i^T X_i
    inverse: Float[Array, "task dim dim"]  # (X_i^T X_i + lam I)^-1
    moment: Float[Array, "task dim"]  # X_i^T y_i
    basis: Float[Array, "dim rank"]  # B_hat
    heads: Float[Array, "task rank"]  # w_hat_i
    ridge: Float[Array, ""]  # lam
    round: Int[Array, ""]


def init(key: PRNGKey, problem: World, config: Config) -> State:
    """Start without data, from a random subspace.

    Raises:
      BadInput: sizes that do not fit.
    """
    tasks, dim, rank, dtype = problem.tasks, problem.dim, config.rank, problem.dtype
    check_sizes(tasks=tasks, rank=rank, width=dim)
    ridge = jnp.asarray(config.ridge, dtype)
    basis, _ = jnp.linalg.qr(jax.random.normal(key, (dim, rank), dtype))
    return State(
        jnp.zeros((tasks, dim, dim), dtype),
        jnp.broadcast_to(jnp.eye(dim, dtype=dtype) / ridge, (tasks, dim, dim)),
        jnp.zeros((tasks, dim), dtype),
        basis,
        jnp.zeros((tasks, rank), dtype),
        ridge,
        jnp.zeros((), jnp.int32),
    )


def radius(state: State, *, scale: Scalar, noise: Scalar) -> Float[Array, ""]:
    """`L = scale sigma^2 (M k + k d) log(t + 2)`."""
    tasks, dim = state.moment.shape
    rank = state.basis.shape[1]
    size = scale * noise**2 * rank * (tasks + dim)
    return (size * jnp.log(state.round + 2.0)).astype(state.basis.dtype)


def observe(state: State, data: ArmData, arms: Int[Array, " task"]) -> tuple[State, Info]:
    """Play, add the observations, and take one alternating sweep from the last centre."""
    feedback, info = pull(data, arms)
    x = feedback.inputs
    gram = state.gram + x[:, :, None] * x[:, None, :]
    moment = state.moment + x * feedback.rewards[:, None]
    centre = low_rank.sweep(gram, moment, state.basis, state.ridge)
    inverse = inverse_update(state.inverse, x)
    return State(gram, inverse, moment, centre.basis, centre.heads, state.ridge, state.round + 1), info


def subspace_metric(state: State, basis: Float[Array, "dim rank"]) -> Float[Array, "task rank rank"]:
    """`B^T V_i B`, the tasks' metrics inside a subspace with orthonormal columns."""
    eye = jnp.eye(basis.shape[1], dtype=basis.dtype)
    return jnp.einsum("dk,mde,el->mkl", basis, state.gram, basis) + state.ridge * eye


def step(
    key: PRNGKey, state: State, data: ArmData, *, scale: Scalar = 1.0, noise: Scalar = 1.0, bonus: str = "relaxed"
) -> tuple[State, Info]:
    """Play the jointly optimistic arms.

    Args:
      key: not used.
      state: statistics and centre.
      data: the round.
      scale: multiplier of `L`, at least 0.
      noise: sigma.
      bonus: `relaxed` or `projected`, fixed at compile time (`MTLR_OFUL`, `MTLR_OFUL_PROJECTED`).

    Raises:
      BadInput: another bonus, a radius below zero (when it is not traced), or arms for other tasks than the state's.
    """
    del key
    check_choice("bonus", bonus, BONUSES)
    check_radius(scale=scale)
    check_heads(data.contexts, state.heads)
    inside = data.contexts @ state.basis
    values = jnp.einsum("mak,mk->ma", inside, state.heads)
    if bonus == "relaxed":
        squares = squared_widths(state.inverse, data.contexts)
    else:
        squares = squared_widths(elimination.inverse(subspace_metric(state, state.basis)), inside)
    choice = joint_argmax(values, squares, radius(state, scale=scale, noise=noise))
    return observe(state, data, choice.arms)


def projected_step(key: PRNGKey, state: State, data: ArmData, **hyper: Scalar) -> tuple[State, Info]:
    """`step` with the projected bonus."""
    return step(key, state, data, bonus="projected", **hyper)


MTLR_OFUL = Algorithm(init, step)
MTLR_OFUL_PROJECTED = Algorithm(init, projected_step)
