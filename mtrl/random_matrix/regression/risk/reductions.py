"""Predicted risks where the covariances have structure: identity or commuting (Ilbert et al. 2024, reductions of the general case)."""

from typing import Any

import jax.numpy as jnp
from jaxtyping import Array, Float, Real

from mtrl.numerics.linalg import elimination
from mtrl.numerics.types import Scalar
from mtrl.random_matrix.equivalents import equivalent_commuting, equivalent_isotropic
from mtrl.random_matrix.regression.risk.prediction import Risk, assemble, per_output


def _squared(B, k, weight, grams):
    """`K_s = sum_j l_sj [L_j S_j L_j^T]_ss` with `L_j = (I + B diag(k_j))^-1 = P_j B^-1`, and its part from the diagonals of S_j."""
    L = elimination.inverse(jnp.eye(B.shape[0], dtype=B.dtype) + B * k[:, None, :])
    K = jnp.einsum("js,jsa,jab,jsb->s", weight, L, grams, L)
    return K, jnp.einsum("js,jsa,jaa->s", weight, L**2, grams)


def risk_isotropic(
    B: Float[Array, "task task"],
    n: Real[Array, " task"],
    p: Scalar,
    gram: Float[Array, "task task"],
    noise: Float[Array, " task"],
    **options: Any,
) -> Risk:
    """Predicted risks for features of identity covariance; `K = diag(L gram L^T)`, `L = p0 B^-1`.

    Args:
      B: (T, T) PSD coupling.
      n: (T,) samples per task.
      p: dimension d.
      gram: (T, T) `w_s.w_t/(T d)`, averaged over outputs if there are several.
      noise: (T,) variances of the label noise, averaged over outputs.
      options: newton, tolerance, max_iterations of the fixed point.
    """
    e = equivalent_isotropic(B, n, p, **options)
    return assemble(e, *_squared(B, e.kappa[None], jnp.ones_like(e.kappa)[None], gram[None]), noise)


def risk_commuting(
    B: Float[Array, "task task"],
    n: Real[Array, " task"],
    eigenvalues: Float[Array, "task dim"],
    W: Float[Array, "task dim *output"],
    noise: Float[Array, " task"],
    **options: Any,
) -> Risk:
    """Predicted risks for covariances with common eigenvectors; d problems of size T x T.

    Args:
      B: (T, T) PSD coupling.
      n: (T,) samples per task.
      eigenvalues: (T, d) eigenvalue of Sigma_t on eigenvector o_j.
      W: (T, d) hyperplanes IN THE EIGENBASIS, `o_j^T w_t`; (T, d, q) of several outputs.
      noise: (T,) noise variances, averaged over outputs.
      options: newton, tolerance, max_iterations of the fixed point.
    """
    W = per_output(W)
    T, d, _ = W.shape
    e = equivalent_commuting(B, n, eigenvalues, jnp.ones(d, B.dtype), **options)
    grams = jnp.einsum("sjq,tjq->jst", W, W) / (T * d)
    return assemble(e, *_squared(B, (e.kappa[:, None] * eigenvalues).T, eigenvalues.T, grams), noise)
