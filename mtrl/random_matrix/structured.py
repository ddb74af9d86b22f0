"""Predicted risks where the covariances have structure: identity or commuting (Ilbert et al. 2024, reductions of the general case)."""

import jax.numpy as jnp
from jaxtyping import Array, Float, Real

from mtrl.numerics.linalg import elimination
from mtrl.numerics.types import Scalar
from mtrl.random_matrix.isotropic import fixed_point_isotropic
from mtrl.random_matrix.modes import fixed_point_modes
from mtrl.random_matrix.risk import Risk, assemble


def mean_error(
    B: Float[Array, "task task"],
    k: Float[Array, "mode task"],
    weight: Float[Array, "mode task"],
    grams: Float[Array, "mode task task"],
) -> tuple[Float[Array, " task"], Float[Array, " task"]]:
    """`K_s = sum_j l_sj [L_j S_j L_j^T]_ss` with `L_j = (I + B diag(k_j))^-1 = P_j B^-1`, and its part from the diagonals of S_j."""
    T = B.shape[0]
    L = elimination.inverse(jnp.eye(T, dtype=B.dtype) + B * k[:, None, :])
    K = jnp.einsum("js,jsa,jab,jsb->s", weight, L, grams, L)
    K_self = jnp.einsum("js,jsa,jaa->s", weight, L**2, grams)
    return K, K_self


def risk_isotropic(
    B: Float[Array, "task task"],
    n: Real[Array, " task"],
    p: Scalar,
    gram: Float[Array, "task task"],
    noise: Float[Array, " task"],
    *,
    newton: bool = True,
) -> Risk:
    """Predicted risks for features of identity covariance; `K = diag(L gram L^T)`, `L = p0 B^-1`.

    Args:
      B: (T, T) PSD coupling.
      n: (T,) samples per task.
      p: dimension d.
      gram: (T, T) `w_s.w_t/(T d)` (summed over outputs if there are several).
      noise: (T,) variances of the label noise (summed over outputs).
      newton: see `fixed_point_modes`.
    """
    e = fixed_point_isotropic(B, n, p, newton=newton)
    K, K_self = mean_error(B, e.kappa[None], jnp.ones_like(e.kappa)[None], gram[None])
    return assemble(e.delta, e.D, e.Psi, K, K_self, noise)


def risk_commuting(
    B: Float[Array, "task task"],
    n: Real[Array, " task"],
    eigenvalues: Float[Array, "task dim"],
    W: Float[Array, "task dim"],
    noise: Float[Array, " task"],
    *,
    newton: bool = True,
) -> Risk:
    """Predicted risks for covariances with common eigenvectors; d problems of size T x T.

    Args:
      B: (T, T) PSD coupling.
      n: (T,) samples per task.
      eigenvalues: (T, d) eigenvalue of Sigma_t on eigenvector o_j.
      W: (T, d) hyperplanes IN THE EIGENBASIS, `o_j^T w_t`.
      noise: (T,) noise variances.
      newton: see `fixed_point_modes`.
    """
    T, d = W.shape
    e = fixed_point_modes(B, n, eigenvalues, jnp.ones(d, B.dtype), newton=newton)
    grams = W.T[:, :, None] * W.T[:, None, :] / (T * d)
    K, K_self = mean_error(B, (e.kappa[:, None] * eigenvalues).T, eigenvalues.T, grams)
    return assemble(e.delta, e.D, e.Psi, K, K_self, noise)
