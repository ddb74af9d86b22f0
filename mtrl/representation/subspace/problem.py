"""Linear regressions which share a subspace: the model of Tripuraneni et al. 2021, Du et al. 2021, Collins et al. 2021.

`y = x^T B a_t + e`, x ~ N(0, scale^2 I), e ~ N(0, sigma^2), B (dim, rank) orthonormal, task head a_t (rank).
"""

import warnings
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from mtrl.numerics.checks import check_nonnegative, check_rank, check_whole
from mtrl.numerics.keys import split_named
from mtrl.numerics.linalg.subspaces import orthonormalise
from mtrl.numerics.types import PRNGKey, Scalar


class SubspaceParams(NamedTuple):
    """One draw of the problem."""

    basis: Float[Array, "dim rank"]  # B, orthonormal
    heads: Float[Array, "task rank"]  # A, row a_t; theta_t = B a_t
    target_head: Float[Array, " rank"]  # a_0 of the new task, same law as the heads
    noise: Float[Array, ""]  # sigma, standard deviation of the label noise


def _check(tasks: int, dim: int, rank: int, noise: Scalar) -> None:
    check_whole(tasks=tasks)
    check_rank(rank, dim)
    check_nonnegative(noise=noise)


def random_basis(key: PRNGKey, dim: int, rank: int, dtype=None) -> Float[Array, "{dim} {rank}"]:
    """Orthonormal basis of a uniformly random subspace."""
    check_rank(rank, dim)
    return orthonormalise(jax.random.normal(key, (dim, rank), dtype))[0]


def sample(key: PRNGKey, *, tasks: int, dim: int, rank: int, noise: Scalar = 1.0) -> SubspaceParams:
    """Uniform subspace, heads a_t ~ N(0, I/rank) (Tripuraneni et al. 2021, section 5)."""
    _check(tasks, dim, rank, noise)
    keys = split_named(key, "basis", "heads", "target")
    heads = jax.random.normal(keys["heads"], (tasks, rank)) / jnp.sqrt(rank)
    target = jax.random.normal(keys["target"], (rank,)) / jnp.sqrt(rank)
    basis = random_basis(keys["basis"], dim, rank)
    return SubspaceParams(basis, heads, target, jnp.asarray(noise, basis.dtype))


def sample_unit_rows(key: PRNGKey, *, tasks: int, dim: int, rank: int, noise: Scalar = 1e-3) -> SubspaceParams:
    """Uniform subspace; orthonormal head matrix (task, rank) whose rows are then scaled to norm 1.

    The clients of Collins et al. 2021, section 5 and released code.
    """
    _check(tasks, dim, rank, noise)
    keys = split_named(key, "basis", "heads", "target")
    heads = orthonormalise(jax.random.normal(keys["heads"], (tasks, rank)))[0]
    heads = heads / jnp.linalg.norm(heads, axis=1, keepdims=True)
    target = jax.random.normal(keys["target"], (rank,))
    basis = random_basis(keys["basis"], dim, rank)
    return SubspaceParams(basis, heads, target / jnp.linalg.norm(target), jnp.asarray(noise, basis.dtype))


def draw(
    key: PRNGKey, params: SubspaceParams, *, samples: int, scale: Scalar = 1.0
) -> tuple[Float[Array, "task {samples} dim"], Float[Array, "task {samples}"]]:
    """`samples` rows per source task: x (task, sample, dim) and y (task, sample); x entries have deviation `scale`."""
    keys = split_named(key, "inputs", "noise")
    tasks, dim = params.heads.shape[0], params.basis.shape[0]
    x = scale * jax.random.normal(keys["inputs"], (tasks, samples, dim), params.basis.dtype)
    clean = jnp.einsum("tnd,td->tn", x, params.heads @ params.basis.T)
    return x, clean + params.noise * jax.random.normal(keys["noise"], clean.shape, clean.dtype)


def draw_target(
    key: PRNGKey, params: SubspaceParams, *, samples: int, scale: Scalar = 1.0
) -> tuple[Float[Array, "{samples} dim"], Float[Array, " {samples}"]]:
    """`samples` rows of the target task: x (sample, dim) and y (sample)."""
    keys = split_named(key, "inputs", "noise")
    x = scale * jax.random.normal(keys["inputs"], (samples, params.basis.shape[0]), params.basis.dtype)
    clean = x @ target_weights(params)
    return x, clean + params.noise * jax.random.normal(keys["noise"], clean.shape, clean.dtype)


def target_weights(params: SubspaceParams) -> Float[Array, " dim"]:
    """`theta_0 = B a_0`."""
    return params.basis @ params.target_head


def diversity(
    heads: Float[Array, "task rank"], counts: Float[Array, " task"] | None = None
) -> Float[Array, "rank rank"]:
    """`Gam = (1/N) sum_t n_t a_t a_t^T`; its least eigenvalue nu is the task diversity (counts None: equal n_t)."""
    weights = jnp.ones(heads.shape[0], heads.dtype) if counts is None else counts
    return jnp.einsum("t,tr,ts->rs", weights / jnp.sum(weights), heads, heads)


def check_identified(rank: int, dim: int, tasks: int, samples: int | None = None) -> None:
    """Refuse ranks that the tasks cannot tell; warn where heads interpolate. Host function.

    Args:
      rank: r.
      dim: d.
      tasks: T.
      samples: samples of the smallest task; None skips the warning.

    Raises:
      BadInput: r <= 0 or r > min(d, T).
    """
    check_rank(rank, dim)
    check_rank(rank, tasks, what="the number of tasks, whose heads span no more directions")
    if samples is not None and samples < rank:
        warn_interpolating(rank, samples)


def warn_interpolating(rank: int, samples: int) -> None:
    """Warn that least squares heads interpolate the smallest task, so that every basis fits as well. Host function."""
    warnings.warn(
        f"the smallest task has {samples} samples at rank={rank}: heads interpolate; least squares representation will be arbitrary, use "
        "method of moments",
        stacklevel=3,
    )
