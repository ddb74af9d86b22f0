"""Deterministic equivalent for general covariances and tasks tied to one centre, `B = diag(gamma) + lam 1 1^T`: T d^3, not (Td)^3.

Given the shared part W_0 the tasks separate, so P follows from d x d blocks (derived here; equality with `general` is tested). With
`E_t = (I + gamma_t kappa_t Sigma_t)^-1` and the posterior covariance of W_0, `S = (I/lam + sum_t kappa_t Sigma_t E_t)^-1`:
`P_st = E_s S E_t + [s = t] gamma_t E_t`.
"""

from typing import Any, NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float, Real

from mtrl.numerics.checks import check_nonnegative, check_psd
from mtrl.numerics.types import Scalar
from mtrl.random_matrix.equivalents.resolvent import Equivalent, solve


class Blocks(NamedTuple):
    """The blocks P is made of."""

    E: Float[Array, "task dim dim"]  # (I + gamma_t kappa_t Sigma_t)^-1
    S: Float[Array, "dim dim"]  # posterior covariance of W_0


def equivalent_shared_centre(
    gamma: Float[Array, " task"],
    lam: Scalar,
    n: Real[Array, " task"],
    covariance: Float[Array, "task dim dim"],
    **options: Any,
) -> Equivalent:
    """The fixed point of `equivalent_general` for `B = diag(gamma) + lam 1 1^T`.

    Args:
      gamma: (T,) task-specific strengths.
      lam: shared strength.
      n: (T,) samples per task.
      covariance: (T, d, d) PSD. Derivatives in the covariance pass through an eigendecomposition: where a Sigma_t has equal
        eigenvalues and its derivative is wanted, use `equivalent_general`.
      options: newton, tolerance, max_iterations of `resolvent.solve`.
    """
    check_nonnegative(gamma=gamma, lam=lam)
    check_psd(covariance=covariance)
    T, d = covariance.shape[:2]
    gamma, lam = gamma.astype(covariance.dtype), jnp.asarray(lam, covariance.dtype)
    values, vectors = jnp.linalg.eigh(covariance)  # once, outside the iterations

    def rotate(weights):
        return jnp.einsum("tij,tj,tkj->tik", vectors, weights, vectors)

    def blocks(kappa):
        shrink = 1 / (1 + (gamma * kappa)[:, None] * values)
        information = jnp.einsum("tij,tj,tkj->ik", vectors, kappa[:, None] * values * shrink, vectors)
        eye = jnp.eye(d, dtype=values.dtype)
        S = lam * jnp.linalg.solve(eye + lam * information, eye)
        S = (S + S.T) / 2
        MS = rotate(values * shrink**2) @ S  # E Sigma E S
        alone = gamma[:, None] * values * shrink
        traces = jnp.sum(alone, 1) + jnp.trace(MS, axis1=1, axis2=2)
        # s = r adds gamma E to P_ss: tr(Sigma gE Sigma gE) + 2 tr(Sigma gE Sigma E S E)
        mixed = jnp.einsum("tij,ji->t", rotate(gamma[:, None] * values**2 * shrink**3), S)
        Psi = jnp.einsum("sij,rji->sr", MS, MS) + jnp.diag(jnp.sum(alone**2, 1) + 2 * mixed)
        return Blocks(rotate(shrink), S), traces / (T * d), Psi / (T * d)

    return solve(blocks, n=n, scale=T * d, start=(gamma + lam) * jnp.sum(values, 1) / (T * d), **options)
