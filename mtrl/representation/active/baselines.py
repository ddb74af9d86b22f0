"""Baselines without active sampling: target-only ridge and the oracle that knows the subspace.

Passive sampling is rule (2, 0) of `a_mtrl`; random-k is the same with `sparse=k`; the single best source task is
`relevance.single_best`.
"""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from mtrl.numerics.types import Scalar


class TargetOnly(NamedTuple):
    """Ridge regression on the target data alone."""

    theta: Float[Array, " dim"]
    penalty: Float[Array, ""]  # the one chosen
    errors: Float[Array, " penalty"]  # leave-one-out mean squared error of each penalty


def target_only_ridge(
    x: Float[Array, "sample dim"], y: Float[Array, " sample"], penalties: Float[Array, " penalty"]
) -> TargetOnly:
    """`argmin ||X_0 theta - y_0||^2 + lambda ||theta||^2`, lambda by exact leave-one-out error (smallest error wins).

    Leave-one-out residuals are `r_i / (1 - h_ii)`; everything comes from one singular value decomposition, so n_0 < d
    costs nothing extra.

    Args:
      x: X_0.
      y: y_0.
      penalties: lambda > 0, in units of `X_0^T X_0`.
    """
    left, singular, right = jnp.linalg.svd(x, full_matrices=False)
    shrink = singular**2 / (singular**2 + penalties[:, None])  # (penalty, k)
    fitted = (left * shrink[:, None, :]) @ (left.T @ y)
    leverage = jnp.sum(left**2 * shrink[:, None, :], axis=-1)
    errors = jnp.mean(((y - fitted) / (1 - leverage)) ** 2, axis=1)
    best = jnp.argmin(errors)
    gain = singular / (singular**2 + penalties[best])
    return TargetOnly(right.T @ (gain * (left.T @ y)), penalties[best], errors)


def oracle_subspace(
    x: Float[Array, "sample dim"], y: Float[Array, " sample"], basis: Float[Array, "dim rank"], *, ridge: Scalar = 0.0
) -> Float[Array, " dim"]:
    """Least squares in the TRUE subspace B: the lower line `sigma^2 K / (n_0 - K - 1)`.

    Args:
      x, y: target data, n_0 >= rank.
      basis: B.
      ridge: added to `B^T X_0^T X_0 B`, default 0.
    """
    features = x @ basis
    gram = features.T @ features + ridge * jnp.eye(basis.shape[1], dtype=x.dtype)
    return basis @ jnp.linalg.solve(gram, features.T @ y)
