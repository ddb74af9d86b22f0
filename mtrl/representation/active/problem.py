"""Synthetic problem of active multi-task representation learning: shared subspace, source heads, one target.

`y = x^T B w_t + z`, x ~ N(0, I_d), z ~ N(0, sigma^2). Symbols: B basis (dim, rank); W heads (rank, task); w target_head
(rank,).
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from mtrl.numerics.keys import split_named
from mtrl.numerics.linalg.subspaces import orthonormalise
from mtrl.numerics.moments import Moments
from mtrl.numerics.types import PRNGKey, Scalar


class ActiveParams(NamedTuple):
    """One instance."""

    basis: Float[Array, "dim rank"]  # B, orthonormal columns
    heads: Float[Array, "rank task"]  # W
    target_head: Float[Array, " rank"]  # w


def sample_basis(key: PRNGKey, dim: int, rank: int) -> Float[Array, "dim rank"]:
    """Orthonormal factor of a Gaussian matrix."""
    return orthonormalise(jax.random.normal(key, (dim, rank)))[0]


def gaussian_instance(key: PRNGKey, *, dim: int, rank: int, tasks: int) -> ActiveParams:
    """W ~ N(0, 1) entries and the target `w = w_1 + 0.5 w_2`: two relevant tasks among many."""
    keys = split_named(key, "basis", "heads")
    heads = jax.random.normal(keys["heads"], (rank, tasks))
    return ActiveParams(sample_basis(keys["basis"], dim, rank), heads, heads[:, 0] + 0.5 * heads[:, 1])


def rare_direction_instance(
    key: PRNGKey, *, dim: int, rank: int, tasks: int, weak: float = 0.1, strong: float = 2.0, target: float = 2.0
) -> ActiveParams:
    """The target lies along a direction that two tasks show strongly and all others weakly.

    W rows 1..K-1 ~ N(0, 1); row K is `weak` N(0, 1) except `+strong`, `-strong` at the first two tasks;
    `w = target * e_K`.
    """
    keys = split_named(key, "basis", "heads")
    heads = jax.random.normal(keys["heads"], (rank, tasks))
    last = (weak * heads[-1]).at[0].set(strong).at[1].set(-strong)
    head = jnp.zeros(rank, heads.dtype).at[-1].set(target)
    return ActiveParams(sample_basis(keys["basis"], dim, rank), heads.at[-1].set(last), head)


def chi_square(key: PRNGKey, freedom: Float[Array, "*shape"], *, attempts: int = 10) -> Float[Array, "*shape"]:
    """Chi-square draws by Marsaglia and Tsang (2000, ACM Trans. Math. Software 26), a fixed number of attempts.

    `jax.random.chisquare` loops until the slowest lane is accepted, across all devices. One attempt fails with chance below
    0.05, so all ten with chance below 1e-13; the last proposal is then kept.

    Args:
      key: typed PRNG key.
      freedom: degrees of freedom, > 0.
      attempts: static.
    """
    keys = split_named(key, "normal", "uniform", "boost")
    dtype, shape = freedom.dtype, freedom.shape
    half = freedom / 2
    shape_ = jnp.where(half < 1, half + 1, half)  # Gamma(a) = Gamma(a + 1) U^(1/a)
    d = shape_ - 1 / 3
    normal = jax.random.normal(keys["normal"], (attempts, *shape), dtype)
    uniform = jax.random.uniform(keys["uniform"], (attempts, *shape), dtype, minval=jnp.finfo(dtype).tiny)
    cube = (1 + normal / jnp.sqrt(9 * d)) ** 3
    safe = jnp.where(cube > 0, cube, 1)
    accepted = (cube > 0) & (jnp.log(uniform) < normal**2 / 2 + d - d * safe + d * jnp.log(safe))
    first = jnp.argmax(accepted, axis=0)
    first = jnp.where(jnp.any(accepted, axis=0), first, attempts - 1)
    gamma = d * jnp.take_along_axis(safe, first[None], axis=0)[0]
    boost = jax.random.uniform(keys["boost"], shape, dtype, minval=jnp.finfo(dtype).tiny) ** (1 / half)
    return 2 * gamma * jnp.where(half < 1, boost, 1)


def gaussian_moments(
    key: PRNGKey, counts: Int[Array, " task"], regressors: Float[Array, "task dim"], *, noise: Scalar
) -> Moments:
    """Exact draw of `X_t^T X_t`, `X_t^T y_t`, `y_t^T y_t` for Gaussian data, without the data.

    QR of an (n, d) Gaussian matrix: `X = Q R` with Q independent of R, R upper triangular (trapezoidal if n < d), entries
    above the diagonal N(0, 1) and `R_ii^2 ~ chi^2_{n-i}`, i = 0, 1, ... (Bartlett 1933). With `u = Q^T z ~ N(0, sigma^2)`:
    `G = R^T R`, `c = R^T (R theta + u)`, `y^T y = ||R theta + u||^2 + sigma^2 chi^2_{n-d}`. The cost does not depend on n
    and shapes do not either, so allocations can be traced.

    Args:
      key: typed PRNG key; the draw of a task depends on n_t but not on the other tasks' counts.
      counts: n_t >= 0.
      regressors: theta_t = B w_t, rows.
      noise: sigma.
    """
    tasks, dim = regressors.shape
    keys = split_named(key, "above", "diagonal", "noise", "rest")
    dtype = regressors.dtype
    row = jnp.arange(dim, dtype=counts.dtype)
    freedom = (counts[:, None] - row).astype(dtype)  # of R_ii^2
    seen = freedom > 0
    diagonal = jnp.sqrt(chi_square(keys["diagonal"], jnp.where(seen, freedom, 1)))
    above = jnp.triu(jax.random.normal(keys["above"], (tasks, dim, dim), dtype), 1)
    factor = jnp.where(seen[..., None], above + diagonal[..., None] * jnp.eye(dim, dtype=dtype), 0)
    spread = noise * jnp.where(seen, jax.random.normal(keys["noise"], (tasks, dim), dtype), 0)
    response = jnp.einsum("tij,tj->ti", factor, regressors) + spread
    left = (counts - dim).astype(dtype)
    rest = chi_square(keys["rest"], jnp.where(left > 0, left, 1))
    return Moments(
        jnp.einsum("tij,tik->tjk", factor, factor),
        jnp.einsum("tij,ti->tj", factor, response),
        jnp.sum(response**2, axis=1) + noise**2 * jnp.where(left > 0, rest, 0),
        counts.astype(dtype),
    )


def target_data(
    key: PRNGKey, params: ActiveParams, samples: int, *, noise: Scalar
) -> tuple[Float[Array, "{samples} dim"], Float[Array, " {samples}"]]:
    """The small target set (X_0, y_0), drawn once and fixed through a run."""
    keys = split_named(key, "inputs", "noise")
    dtype = params.basis.dtype
    x = jax.random.normal(keys["inputs"], (samples, params.basis.shape[0]), dtype)
    y = x @ (params.basis @ params.target_head) + noise * jax.random.normal(keys["noise"], (samples,), dtype)
    return x, y


def true_excess_risk(params: ActiveParams, estimate: Float[Array, " dim"]) -> Float[Array, ""]:
    """`E (x^T (theta_hat - B w))^2 = ||theta_hat - B w||^2` for whitened inputs."""
    return jnp.sum((estimate - params.basis @ params.target_head) ** 2)


def true_subspace_risk(params: ActiveParams, basis: Float[Array, "dim rank"]) -> Float[Array, ""]:
    """`||(I - P_hat) B w||^2`, the part of the target that the fitted subspace cannot express."""
    target = params.basis @ params.target_head
    return jnp.sum((target - basis @ (basis.T @ target)) ** 2)
