"""Tasks one after another: N linear bandits of tau rounds on the unit ball, whose parameters fill a subspace only slowly.

The world of BOSS (Duong, Wang and Zhang, "Beyond task diversity", NeurIPS 2024): a round of the driver is a whole task. An
explore-then-commit episode is not played pull by pull: with Gaussian noise the least-squares estimate along an orthonormal basis is exactly
`U^T theta + sigma sqrt(c / n) N(0, I)` after n pulls in turn of the c columns, and the regret follows in closed form.
"""

import functools
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from mtrl.bandits.problem import Outcome, Sizes, known_sizes, unit
from mtrl.numerics.algorithm import Problem, Round
from mtrl.numerics.checks import check_whole
from mtrl.numerics.keys import split_named
from mtrl.numerics.types import PRNGKey, Scalar


class SequentialParams(NamedTuple):
    """A hidden basis whose columns come into use one after another."""

    basis: Float[Array, "dim rank"]  # B, orthonormal columns
    reveals: Float[Array, " rank"]  # index of the task from which each column is in use; 0 for the first
    noise: Float[Array, ""]  # sigma
    adversary: Float[Array, ""]  # 1: tasks of a fixed timetable see the first column only, the others the rest
    length: Float[Array, ""]  # tau, rounds per task

    @property
    def sizes(self) -> Sizes:
        """One task at a time."""
        return Sizes(1, self.basis.shape[0], self.basis.shape[1], self.basis.dtype)


class TaskTruth(NamedTuple):
    """One task; the view is empty."""

    parameter: Float[Array, " dim"]  # theta_n
    basis: Float[Array, "dim rank"]  # for the oracles
    noise: Float[Array, " dim"]  # standard normals times sigma
    length: Float[Array, ""]  # tau


class Plan(NamedTuple):
    """The action in a task: pull the leading columns of a basis in turn, then commit to the estimate."""

    basis: Float[Array, "dim dim"]  # orthonormal leading columns, zeros after them
    columns: Int[Array, ""]
    explore: Float[Array, ""]  # exploring rounds


def plan(basis: Float[Array, "dim rank"], explore: Scalar) -> Plan:
    """Explore all columns of a basis."""
    dim, columns = basis.shape
    wide = jnp.pad(basis, ((0, 0), (0, dim - columns)))
    return Plan(wide, jnp.asarray(columns, jnp.int32), jnp.asarray(explore, basis.dtype))


def choose(exploring: Bool[Array, ""], everywhere: Plan, inside: Plan) -> Plan:
    """One plan or the other."""
    return jax.tree.map(lambda a, b: jnp.where(exploring, a, b), everywhere, inside)


def sample_sequential(
    key: PRNGKey,
    noise: Scalar,
    reveals: Float[Array, " rank"],
    adversary: Scalar,
    length: Scalar,
    *,
    dim: int,
) -> SequentialParams:
    """Draw the subspace uniformly; the dtype of `noise` is the problem's."""
    noise = jnp.asarray(noise)
    basis, _ = jnp.linalg.qr(jax.random.normal(key, (dim, reveals.shape[0]), noise.dtype))
    rest = (jnp.asarray(x, noise.dtype) for x in (adversary, length))
    return SequentialParams(basis, jnp.asarray(reveals, noise.dtype), noise, *rest)


def on_timetable(index: Int[Array, ""]) -> Bool[Array, ""]:
    """Whether SeqRepL explores at this task: 0, 1, 4, 9, ..."""
    root = jnp.floor(jnp.sqrt(index.astype(jnp.float32)) + 0.5).astype(index.dtype)
    return root * root == index


def draw_task(key: PRNGKey, params: SequentialParams, t: Int[Array, ""]) -> Round:
    """`theta = u B w / ||B w||`, w uniform on [-1, 1] in the columns in use, u uniform on [0.8, 1].

    The adversary knows SeqRepL's timetable and hides all columns but the first at its exploring tasks, and the first at all others
    (once there are others).
    """
    keys = split_named(key, "head", "norm", "noise")
    dim, rank = params.basis.shape
    dtype = params.basis.dtype
    head = jax.random.uniform(keys["head"], (rank,), dtype, -1.0, 1.0)
    used = params.reveals <= t.astype(dtype)
    first = jnp.arange(rank) == 0
    hidden = jnp.where(on_timetable(t) | (jnp.sum(used) == 1), first, used & ~first)
    head = jnp.where(jnp.where(params.adversary > 0, hidden, used), head, 0.0)
    norm = jax.random.uniform(keys["norm"], (), dtype, 0.8, 1.0)
    noise = params.noise * jax.random.normal(keys["noise"], (dim,), dtype)
    return Round((), TaskTruth(norm * params.basis @ unit(head), params.basis, noise, params.length))


def episode(now: Round, action: Plan) -> tuple[Float[Array, " dim"], Outcome]:
    """The estimate `theta_hat` in the whole space, and the regret summed over the tau rounds of the task."""
    truth = now.truth
    along = action.basis.T @ truth.parameter
    columns = action.columns.astype(along.dtype)
    error = jnp.where(jnp.arange(along.shape[0], dtype=action.columns.dtype) < action.columns, truth.noise, 0.0)
    estimate = action.basis @ (along + jnp.sqrt(columns / action.explore) * error)
    best = jnp.linalg.norm(truth.parameter)
    exploring = action.explore * (best - jnp.sum(along) / columns)
    committing = (truth.length - action.explore) * (best - unit(estimate) @ truth.parameter)
    return estimate, Outcome(exploring + committing)


def sequential_tasks(*, dim: int) -> Problem:
    """Tasks one after another; the inputs of `sample` are sigma, the columns' first tasks, the adversary (0 or 1) and tau."""
    check_whole(dim=dim)
    return Problem(functools.partial(sample_sequential, dim=dim), draw_task, episode, known_sizes)
