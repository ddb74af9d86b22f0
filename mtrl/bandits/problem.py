"""Linear worlds: M tasks whose parameters `theta_i = B w_i` share a k-dimensional subspace of R^d.

Arms drawn afresh every round (uniform on the sphere), or the whole unit ball or an ellipsoid as action set.
"""

from typing import Any, NamedTuple, Protocol, runtime_checkable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from mtrl.bandits.rounds import ArmRound, BallRound
from mtrl.numerics.keys import split_named
from mtrl.numerics.types import PRNGKey, Scalar


class Sizes(NamedTuple):
    """The sizes an algorithm's `init` asks of a problem."""

    tasks: int  # M
    dim: int  # dimension of the inputs
    rank: int  # k
    dtype: Any
    candidates: int = 0  # |Phi| of a finite class

    @property
    def sizes(self) -> "Sizes":
        """Itself."""
        return self


@runtime_checkable
class World(Protocol):
    """What `init` may read of a problem."""

    tasks: int
    dim: int
    rank: int
    dtype: Any

    @property
    def sizes(self) -> Sizes:
        """All of them."""
        ...


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

    tasks = property(lambda self: self.sizes.tasks)
    dim = property(lambda self: self.sizes.dim)
    rank = property(lambda self: self.sizes.rank)
    dtype = property(lambda self: self.sizes.dtype)


def unit(x: Float[Array, "*batch dim"]) -> Float[Array, "*batch dim"]:
    """Scale the last axis to norm one; zero stays zero."""
    norm = jnp.linalg.norm(x, axis=-1, keepdims=True)
    return x / jnp.where(norm > 0, norm, 1.0)


def sphere(key: PRNGKey, shape: tuple[int, ...], dtype: Any = float) -> Float[Array, "..."]:
    """Uniform draws on the unit sphere of the last axis."""
    return unit(jax.random.normal(key, shape, dtype))


def linear_params(key: PRNGKey, noise: Scalar, *, tasks: int, dim: int, rank: int) -> LinearParams:
    """Draw a subspace uniformly and heads uniformly on its unit sphere, so that `||theta_i|| = 1`.

    Args:
      key: PRNG key.
      noise: sigma, a float; its dtype is the problem's.
      tasks, dim, rank: M, d, k.
    """
    keys = split_named(key, "basis", "heads")
    noise = jnp.asarray(noise)
    basis, _ = jnp.linalg.qr(jax.random.normal(keys["basis"], (dim, rank), noise.dtype))
    return LinearParams(basis, sphere(keys["heads"], (tasks, rank), noise.dtype), noise)


def linear_round(key: PRNGKey, params: LinearParams, t: Int[Array, ""] | int, *, arms: int) -> ArmRound:
    """Arms uniform on the unit sphere, Gaussian noise."""
    del t
    keys = split_named(key, "contexts", "noise")
    contexts = sphere(keys["contexts"], (params.tasks, arms, params.dim), params.dtype)
    features = contexts @ params.basis
    means = jnp.einsum("mak,mk->ma", features, params.heads)
    rewards = means + params.noise * jax.random.normal(keys["noise"], means.shape, means.dtype)
    return ArmRound(contexts, features, rewards, means)


class FixedArmParams(NamedTuple):
    """A linear problem whose tasks have the same arms in every round."""

    linear: LinearParams
    contexts: Float[Array, "task arm dim"]

    @property
    def sizes(self) -> Sizes:
        """M, d, k, dtype."""
        return self.linear.sizes

    tasks = property(lambda self: self.sizes.tasks)
    dim = property(lambda self: self.sizes.dim)
    rank = property(lambda self: self.sizes.rank)
    dtype = property(lambda self: self.sizes.dtype)


def fixed_params(key: PRNGKey, noise: Scalar, *, tasks: int, dim: int, rank: int, arms: int) -> FixedArmParams:
    """Draw a linear problem and, once, arms uniform on the sphere for every task."""
    keys = split_named(key, "linear", "contexts")
    linear = linear_params(keys["linear"], noise, tasks=tasks, dim=dim, rank=rank)
    return FixedArmParams(linear, sphere(keys["contexts"], (tasks, arms, dim), linear.dtype))


def fixed_round(key: PRNGKey, params: FixedArmParams, t: Int[Array, ""] | int) -> ArmRound:
    """The same arms with fresh Gaussian noise: A random numbers per task instead of A (d + 1)."""
    del t
    features = params.contexts @ params.linear.basis
    means = jnp.einsum("mak,mk->ma", features, params.linear.heads)
    rewards = means + params.linear.noise * jax.random.normal(key, means.shape, means.dtype)
    return ArmRound(params.contexts, features, rewards, means)


def ball_round(key: PRNGKey, params: LinearParams, t: Int[Array, ""] | int) -> BallRound:
    """The unit ball as action set."""
    del t
    noise = params.noise * jax.random.normal(key, (params.tasks,), params.dtype)
    return BallRound(params.parameters, noise, params.basis)


class EllipsoidParams(NamedTuple):
    """A linear problem whose action set is the ellipsoid `{L u : ||u|| <= 1}`."""

    linear: LinearParams
    factor: Float[Array, "dim dim"]  # L, invertible

    @property
    def sizes(self) -> Sizes:
        """M, d, k, dtype."""
        return self.linear.sizes

    tasks = property(lambda self: self.sizes.tasks)
    dim = property(lambda self: self.sizes.dim)
    rank = property(lambda self: self.sizes.rank)
    dtype = property(lambda self: self.sizes.dtype)


def ellipsoid_round(key: PRNGKey, params: EllipsoidParams, t: Int[Array, ""] | int) -> BallRound:
    """The ellipsoid in the coordinates u of its unit ball: parameters `L^T theta_i`, which still share k dimensions."""
    basis, _ = jnp.linalg.qr(params.factor.T @ params.linear.basis)
    ball = ball_round(key, params.linear, t)
    return ball._replace(parameters=params.linear.parameters @ params.factor, basis=basis)
