"""Worlds of M bandits whose parameters `theta_i = B w_i` share a k-dimensional subspace of R^d, what a round shows, and how it answers.

Two kinds of action sets: finitely many arms (`ArmView`), drawn afresh every round or fixed, and any action of the unit ball or of an
ellipsoid (an empty view). A round carries the whole reward table in its truth, so that all algorithms meet the same noise; `pull` and
`act` answer the chosen action with its reward and nothing else, and say what it cost.
"""

import functools
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from mtrl.numerics.algorithm import Problem, Round
from mtrl.numerics.checks import check_rank, check_whole
from mtrl.numerics.errors import BadInput
from mtrl.numerics.keys import split_named
from mtrl.numerics.types import PRNGKey, Scalar


class Sizes(NamedTuple):
    """What an algorithm knows before it plays: the argument `view` of its `init`."""

    tasks: int  # M
    dim: int  # dimension of the inputs
    rank: int  # k of the true features (for oracles) or of the known candidates
    dtype: Any
    candidates: int = 0  # |Phi| of a finite class


class ArmView(NamedTuple):
    """What a round with finitely many arms shows."""

    contexts: Float[Array, "task arm dim"]  # inputs x_{t,i,a}


class ClassView(NamedTuple):
    """The same for a learner that knows a finite class of candidate representations."""

    contexts: Float[Array, "task arm dim"]
    candidates: Float[Array, "candidate task arm rank"]  # phi_p(x_{t,i,a}) for every phi_p in Phi

    TASK_AXES = {"candidates": 1}  # noqa: RUF012


class ArmTruth(NamedTuple):
    """What a round with finitely many arms hides."""

    features: Float[Array, "task arm rank"]  # phi(x_{t,i,a})
    rewards: Float[Array, "task arm"]  # R_{t,i,a} = mean + noise
    means: Float[Array, "task arm"]  # <phi(x_{t,i,a}), theta_i>


class BallTruth(NamedTuple):
    """The unit ball: action a of task i pays `<theta_i, a> + noise_i`; the view is empty.

    An ellipsoid `{L u : ||u|| <= 1}` is the unit ball in the coordinates u with parameters `L^T theta_i`.
    """

    parameters: Float[Array, "task dim"]  # theta_i, or L^T theta_i for an ellipsoid
    noise: Float[Array, " task"]
    basis: Float[Array, "dim rank"]  # orthonormal basis of the parameters' subspace

    TASK_AXES = {"basis": None}  # noqa: RUF012


class Outcome(NamedTuple):
    """What an action cost."""

    regret: Float[Array, " task"]  # best mean minus mean of the chosen action


def take_arm(table: Float[Array, "task arm *rest"], arms: Int[Array, " task"]) -> Float[Array, "task *rest"]:
    """The chosen arm's entry of every task."""
    index = arms.reshape(arms.shape + (1,) * (table.ndim - 1))
    return jnp.take_along_axis(table, index, axis=1)[:, 0]


def first_best(values: Float[Array, "*batch arm"], size: Scalar | None = None) -> Int[Array, "*batch"]:
    """Best arm; what is equal to within rounding (64 units of the last place of `size`, by default the best value) ties.

    Ties go to the lowest index, so that choices do not depend on how a program was compiled: without data all arms on a sphere are
    equally wide. int32 whatever the precision.
    """
    best = jnp.max(values, axis=-1, keepdims=True)
    rounding = 64 * jnp.finfo(values.dtype).eps * jnp.abs(best if size is None else size)
    return jnp.argmax(values >= best - rounding, axis=-1).astype(jnp.int32)


def pull(now: Round, arms: Int[Array, " task"]) -> tuple[Float[Array, " task"], Outcome]:
    """The rewards of one arm per task, and the regret."""
    means = now.truth.means
    return take_arm(now.truth.rewards, arms), Outcome(jnp.max(means, axis=1) - take_arm(means, arms))


def act(now: Round, actions: Float[Array, "task dim"]) -> tuple[Float[Array, " task"], Outcome]:
    """The rewards of one action of the unit ball per task, and the regret; the best action is `theta_i / ||theta_i||`."""
    truth = now.truth
    means = jnp.sum(truth.parameters * actions, axis=1)
    return means + truth.noise, Outcome(jnp.linalg.norm(truth.parameters, axis=1) - means)


def check_tasks(contexts: Array, table: Array) -> None:
    """Check that the arms are for as many tasks as an algorithm was started with.

    Args:
      contexts: (task, arm, dim).
      table: anything of the algorithm's state with a leading task axis.

    Raises:
      BadInput: another number of axes or of tasks.
    """
    if contexts.ndim != 3 or contexts.shape[0] != table.shape[0]:
        raise BadInput(
            f"arms got the shape {contexts.shape}, but the algorithm was started with {table.shape[0]} tasks; give (task, arm, dim) "
            "with as many tasks"
        )


def unit(x: Float[Array, "*batch dim"]) -> Float[Array, "*batch dim"]:
    """Scale the last axis to norm one; zero stays zero."""
    norm = jnp.linalg.norm(x, axis=-1, keepdims=True)
    return x / jnp.where(norm > 0, norm, 1.0)


def sphere(key: PRNGKey, shape: tuple[int, ...], dtype: Any = float) -> Float[Array, "..."]:
    """Uniform draws on the unit sphere of the last axis."""
    return unit(jax.random.normal(key, shape, dtype))


def known_sizes(params: Any) -> Sizes:
    """`params.sizes`: the problem's `view`."""
    return params.sizes


class LinearParams(NamedTuple):
    """`theta_i = B w_i`."""

    basis: Float[Array, "dim rank"]  # B, orthonormal columns
    heads: Float[Array, "task rank"]  # w_i, unit norm
    noise: Float[Array, ""]  # sigma

    @property
    def parameters(self) -> Float[Array, "task dim"]:
        """`theta_i = B w_i`."""
        return self.heads @ self.basis.T

    @property
    def sizes(self) -> Sizes:
        """M, d, k, dtype."""
        return Sizes(self.heads.shape[0], self.basis.shape[0], self.basis.shape[1], self.basis.dtype)


def sample_linear(key: PRNGKey, noise: Scalar, *, tasks: int, dim: int, rank: int) -> LinearParams:
    """Draw a subspace uniformly and heads uniformly on its unit sphere, so that `||theta_i|| = 1`.

    Args:
      key: PRNG key.
      noise: sigma, a float; its dtype is the problem's.
      tasks, dim, rank: M, d, k.

    Raises:
      BadInput: no task, or a subspace that does not fit.
    """
    check_whole(tasks=tasks)
    check_rank(rank, dim)
    keys = split_named(key, "basis", "heads")
    noise = jnp.asarray(noise)
    basis, _ = jnp.linalg.qr(jax.random.normal(keys["basis"], (dim, rank), noise.dtype))
    return LinearParams(basis, sphere(keys["heads"], (tasks, rank), noise.dtype), noise)


def show_arms(key: PRNGKey, params: LinearParams, contexts: Float[Array, "task arm dim"]) -> Round:
    """The round of given arms, with Gaussian noise."""
    features = contexts @ params.basis
    means = jnp.einsum("mak,mk->ma", features, params.heads)
    rewards = means + params.noise * jax.random.normal(key, means.shape, means.dtype)
    return Round(ArmView(contexts), ArmTruth(features, rewards, means))


def draw_arms(key: PRNGKey, params: LinearParams, t: Int[Array, ""] | int, *, arms: int) -> Round:
    """Arms uniform on the unit sphere, Gaussian noise."""
    del t
    keys = split_named(key, "contexts", "noise")
    shape = (params.heads.shape[0], arms, params.basis.shape[0])
    return show_arms(keys["noise"], params, sphere(keys["contexts"], shape, params.basis.dtype))


class FixedArmParams(NamedTuple):
    """A linear problem whose tasks have the same arms in every round."""

    linear: LinearParams
    contexts: Float[Array, "task arm dim"]

    sizes = property(lambda self: self.linear.sizes)


def sample_fixed_arms(key: PRNGKey, noise: Scalar, *, tasks: int, dim: int, rank: int, arms: int) -> FixedArmParams:
    """Draw a linear problem and, once, arms uniform on the sphere for every task."""
    keys = split_named(key, "linear", "contexts")
    linear = sample_linear(keys["linear"], noise, tasks=tasks, dim=dim, rank=rank)
    return FixedArmParams(linear, sphere(keys["contexts"], (tasks, arms, dim), linear.basis.dtype))


def draw_fixed_arms(key: PRNGKey, params: FixedArmParams, t: Int[Array, ""] | int) -> Round:
    """The same arms with fresh Gaussian noise: A random numbers per task instead of A (d + 1)."""
    del t
    return show_arms(key, params.linear, params.contexts)


def draw_ball(key: PRNGKey, params: LinearParams, t: Int[Array, ""] | int) -> Round:
    """The unit ball as action set."""
    del t
    noise = params.noise * jax.random.normal(key, params.heads.shape[:1], params.basis.dtype)
    return Round((), BallTruth(params.parameters, noise, params.basis))


class EllipsoidParams(NamedTuple):
    """A linear problem whose action set is the ellipsoid `{L u : ||u|| <= 1}`."""

    linear: LinearParams
    factor: Float[Array, "dim dim"]  # L, invertible

    sizes = property(lambda self: self.linear.sizes)


def sample_ellipsoid(
    key: PRNGKey, noise: Scalar, factor: Float[Array, "dim dim"], *, tasks: int, rank: int
) -> EllipsoidParams:
    """Draw a linear problem over a given ellipsoid."""
    return EllipsoidParams(sample_linear(key, noise, tasks=tasks, dim=factor.shape[0], rank=rank), factor)


def draw_ellipsoid(key: PRNGKey, params: EllipsoidParams, t: Int[Array, ""] | int) -> Round:
    """The ellipsoid in the coordinates u of its unit ball: parameters `L^T theta_i`, which still share k dimensions."""
    basis, _ = jnp.linalg.qr(params.factor.T @ params.linear.basis)
    ball = draw_ball(key, params.linear, t)
    return ball._replace(truth=ball.truth._replace(parameters=params.linear.parameters @ params.factor, basis=basis))


def linear_arms(*, tasks: int, dim: int, rank: int, arms: int) -> Problem:
    """Linear bandits with arms drawn afresh every round; the input of `sample` is the noise level sigma."""
    check_whole(arms=arms, lower=2)
    sample = functools.partial(sample_linear, tasks=tasks, dim=dim, rank=rank)
    return Problem(sample, functools.partial(draw_arms, arms=arms), pull, known_sizes)


def fixed_arms(*, tasks: int, dim: int, rank: int, arms: int) -> Problem:
    """Linear bandits whose arms stay; the input of `sample` is sigma."""
    check_whole(arms=arms, lower=2)
    sample = functools.partial(sample_fixed_arms, tasks=tasks, dim=dim, rank=rank, arms=arms)
    return Problem(sample, draw_fixed_arms, pull, known_sizes)


def linear_ball(*, tasks: int, dim: int, rank: int) -> Problem:
    """Linear bandits on the unit ball; the input of `sample` is sigma."""
    return Problem(functools.partial(sample_linear, tasks=tasks, dim=dim, rank=rank), draw_ball, act, known_sizes)


def linear_ellipsoid(*, tasks: int, rank: int) -> Problem:
    """Linear bandits on an ellipsoid, in the coordinates of its unit ball; the inputs of `sample` are sigma and L."""
    return Problem(functools.partial(sample_ellipsoid, tasks=tasks, rank=rank), draw_ellipsoid, act, known_sizes)
