"""A world with a finite class of known candidate representations: random tanh networks, one of which is true."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from mtrl.bandits.problem import Sizes, sphere, unit
from mtrl.bandits.rounds import ClassRound
from mtrl.numerics.keys import split_named
from mtrl.numerics.types import PRNGKey


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

    tasks = property(lambda self: self.sizes.tasks)
    dim = property(lambda self: self.sizes.dim)
    rank = property(lambda self: self.sizes.rank)
    dtype = property(lambda self: self.sizes.dtype)


def class_params(
    key: PRNGKey, noise: Float[Array, ""], *, tasks: int, dim: int, rank: int, candidates: int, hidden: int = 16
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


def class_round(key: PRNGKey, params: ClassParams, t: Int[Array, ""] | int, *, arms: int) -> ClassRound:
    """Gaussian inputs (unit variance per coordinate), Gaussian noise."""
    del t
    keys = split_named(key, "contexts", "noise")
    contexts = jax.random.normal(keys["contexts"], (params.tasks, arms, params.dim), params.dtype)
    candidates = represent(params, contexts)
    features = candidates[params.truth]
    means = jnp.einsum("mak,mk->ma", features, params.heads)
    rewards = means + params.noise * jax.random.normal(keys["noise"], means.shape, means.dtype)
    return ClassRound(contexts, features, rewards, means, candidates)
