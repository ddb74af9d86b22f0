"""A world with a finite class of known candidate representations: random tanh networks, one of which is true."""

import functools
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from mtrl.bandits.problem import ArmTruth, ClassView, Sizes, known_sizes, pull, sphere, unit
from mtrl.numerics.algorithm import Problem, Round
from mtrl.numerics.checks import check_whole
from mtrl.numerics.keys import split_named
from mtrl.numerics.types import PRNGKey, Scalar


class ClassParams(NamedTuple):
    """Candidates `phi_p(x) = unit(W2_p tanh(W1_p x))`; the truth is one of them."""

    first: Float[Array, "candidate hidden dim"]  # W1
    second: Float[Array, "candidate rank hidden"]  # W2
    truth: Int[Array, ""]
    heads: Float[Array, "task rank"]  # theta_i, unit norm
    noise: Float[Array, ""]  # sigma

    @property
    def sizes(self) -> Sizes:
        """M, D_x, k, dtype, |Phi|."""
        count, rank, _ = self.second.shape
        return Sizes(self.heads.shape[0], self.first.shape[2], rank, self.first.dtype, count)


def sample_class(
    key: PRNGKey, noise: Scalar, *, tasks: int, dim: int, rank: int, candidates: int, hidden: int = 16
) -> ClassParams:
    """Draw the candidates, the truth among them, and heads uniformly on the unit sphere.

    Args:
      key: PRNG key.
      noise: sigma; its dtype is the problem's.
      tasks, dim, rank, candidates: M, D_x, k, |Phi|.
      hidden: width of the networks; weights are Gaussian with variance 1 / fan-in, times 2 in the first layer so that
      tanh bends.
    """
    keys = split_named(key, "first", "second", "truth", "heads")
    noise = jnp.asarray(noise)
    first = 2.0 * jax.random.normal(keys["first"], (candidates, hidden, dim), noise.dtype) / jnp.sqrt(dim)
    second = jax.random.normal(keys["second"], (candidates, rank, hidden), noise.dtype) / jnp.sqrt(hidden)
    truth = jax.random.randint(keys["truth"], (), 0, candidates, jnp.int32)
    heads = sphere(keys["heads"], (tasks, rank), noise.dtype)
    return ClassParams(first.astype(noise.dtype), second.astype(noise.dtype), truth, heads, noise)


def represent(params: ClassParams, x: Float[Array, "*batch dim"]) -> Float[Array, "candidate *batch rank"]:
    """Every candidate's features of x, on the unit sphere."""

    def one(first, second):
        return unit(jnp.tanh(x @ first.T) @ second.T)

    return jax.vmap(one)(params.first, params.second)


def draw_class(key: PRNGKey, params: ClassParams, t: Int[Array, ""] | int, *, arms: int) -> Round:
    """Gaussian inputs (unit variance per coordinate), Gaussian noise."""
    del t
    keys = split_named(key, "contexts", "noise")
    sizes = params.sizes
    contexts = jax.random.normal(keys["contexts"], (sizes.tasks, arms, sizes.dim), sizes.dtype)
    candidates = represent(params, contexts)
    features = candidates[params.truth]
    means = jnp.einsum("mak,mk->ma", features, params.heads)
    rewards = means + params.noise * jax.random.normal(keys["noise"], means.shape, means.dtype)
    return Round(ClassView(contexts, candidates), ArmTruth(features, rewards, means))


def finite_class(*, tasks: int, dim: int, rank: int, candidates: int, arms: int, hidden: int = 16) -> Problem:
    """Bandits whose representation is one of `candidates` known ones; the input of `sample` is the noise level sigma."""
    check_whole(tasks=tasks, rank=rank, candidates=candidates)
    check_whole(arms=arms, lower=2)
    sizes = dict(tasks=tasks, dim=dim, rank=rank, candidates=candidates, hidden=hidden)
    return Problem(
        functools.partial(sample_class, **sizes), functools.partial(draw_class, arms=arms), pull, known_sizes
    )
