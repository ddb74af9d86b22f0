"""Proximal maps `prox_s(V) = argmin_W 1/2 ||W - V||_F^2 + s penalty(W)` and the penalties' dual norms.

Matrices are (dim, task): a row is a feature, a column is a task. `threshold` is step times penalty weight, >= 0.
Parikh and Boyd 2014, Proximal Algorithms, section 6.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from mtrl.numerics.types import Scalar


def soft_threshold(values: Float[Array, "*shape"], threshold: Scalar) -> Float[Array, "*shape"]:
    """Prox of the entrywise l1 norm: `sign(v) max(|v| - threshold, 0)`."""
    return jnp.sign(values) * jnp.maximum(jnp.abs(values) - threshold, 0)


def shrink_groups(values: Float[Array, "dim task"], threshold: Scalar, axis: int) -> Float[Array, "dim task"]:
    """Prox of the sum of Euclidean norms taken along `axis`: each group times `max(1 - threshold / norm, 0)`.

    axis=1: groups are rows (l2,1, feature selection); axis=0: groups are columns (outlier tasks).
    """
    norms = jnp.linalg.norm(values, axis=axis, keepdims=True)
    factor = jnp.where(norms > threshold, 1 - threshold / jnp.where(norms > 0, norms, 1), 0)
    return values * factor


def project_l1_ball(values: Float[Array, " dim"], radius: Scalar) -> Float[Array, " dim"]:
    """Euclidean projection on `{||v||_1 <= radius}`, radius >= 0: soft thresholding at tau with `sum max(|v| - tau, 0) = radius`.

    For the k largest alone `tau = (S_k - radius) / k`, S_k their sum; the right k gives the largest tau (Duchi et al. 2008).
    """
    count = jnp.arange(1, values.shape[0] + 1, dtype=values.dtype)
    sums = jnp.cumsum(jnp.sort(jnp.abs(values))[::-1])
    return soft_threshold(values, jnp.maximum(jnp.max((sums - radius) / count), 0))


def prox_l1_inf(values: Float[Array, "dim task"], threshold: Scalar) -> Float[Array, "dim task"]:
    """Prox of the sum over rows of the largest absolute entry, by Moreau: row minus its projection on the l1 ball."""
    return values - jax.vmap(lambda row: project_l1_ball(row, threshold))(values)


def map_singular_values(
    values: Float[Array, "dim task"], factor: Callable[[Float[Array, " count"]], Float[Array, " count"]]
) -> Float[Array, "dim task"]:
    """Every singular value s times `factor(s)`, which acts on the vector of ascending singular values.

    From the eigenvectors of the smaller Gram matrix, half the time of a singular value decomposition. A singular value s comes with an
    absolute error of about eps s_max^2 / s; a threshold makes the result off by about eps s_max^2 / threshold, at most sqrt(eps) s_max.
    """
    rows, columns = values.shape
    if columns > rows:
        return map_singular_values(values.T, factor).T
    squares, right = jnp.linalg.eigh(values.T @ values)
    return values @ ((right * factor(jnp.sqrt(jnp.maximum(squares, 0)))) @ right.T)


def _shrink(singular: Float[Array, " count"], threshold: Scalar) -> Float[Array, " count"]:
    return jnp.where(singular >= threshold, 1 - threshold / jnp.where(singular > 0, singular, 1), 0)


def shrink_singular_values(values: Float[Array, "dim task"], threshold: Scalar) -> Float[Array, "dim task"]:
    """Prox of the trace norm: singular values s to `max(s - threshold, 0)` (Cai, Candes, Shen 2010)."""
    return map_singular_values(values, lambda s: _shrink(s, threshold))


def prox_squared_trace_norm(values: Float[Array, "dim task"], weight: Scalar) -> Float[Array, "dim task"]:
    """Prox of `weight ||W||_*^2`: singular values to `max(s - tau, 0)` with `tau = 2 weight sum max(s - tau, 0)`.

    For the k largest alone `tau = 2 weight S_k / (1 + 2 weight k)`, S_k their sum; the right k gives the largest tau.
    """

    def factor(singular):
        count = jnp.arange(1, singular.shape[0] + 1, dtype=singular.dtype)
        return _shrink(singular, jnp.max(2 * weight * jnp.cumsum(singular[::-1]) / (1 + 2 * weight * count)))

    return map_singular_values(values, factor)


def row_norms(values: Float[Array, "dim task"]) -> Float[Array, " dim"]:
    """Euclidean norm of each row; its sum is l2,1 and its maximum the dual norm of l2,1."""
    return jnp.linalg.norm(values, axis=1)


def column_norms(values: Float[Array, "dim task"]) -> Float[Array, " task"]:
    """Euclidean norm of each column; its sum is the penalty on outlier tasks."""
    return jnp.linalg.norm(values, axis=0)


def trace_norm(values: Float[Array, "dim task"]) -> Float[Array, ""]:
    """Sum of singular values; the dual norm is the spectral norm."""
    return jnp.sum(jnp.linalg.svd(values, compute_uv=False))


def spectral_norm(values: Float[Array, "dim task"]) -> Float[Array, ""]:
    """Largest singular value, dual of the trace norm."""
    return jnp.linalg.norm(values, ord=2)


def l1_inf_norm(values: Float[Array, "dim task"]) -> Float[Array, ""]:
    """Sum over rows of the largest absolute entry; the dual norm is the largest row l1 norm."""
    return jnp.sum(jnp.max(jnp.abs(values), axis=1))


def l1_inf_dual_norm(values: Float[Array, "dim task"]) -> Float[Array, ""]:
    """Largest row l1 norm, dual of `l1_inf_norm`."""
    return jnp.max(jnp.sum(jnp.abs(values), axis=1))
