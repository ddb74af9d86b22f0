"""Predicted risks for any task covariances: any coupling at (Td)^3, tasks tied to one centre at T d^3."""

from typing import Any

import jax.numpy as jnp
from jaxtyping import Array, Float, Real

from mtrl.numerics.types import Scalar
from mtrl.random_matrix.equivalents import coupled_system, equivalent_general, equivalent_shared_centre
from mtrl.random_matrix.regression.risk.prediction import Risk, assemble, per_output


def mean_error(
    B: Float[Array, "task task"],
    k: Float[Array, " task"],
    covariance: Float[Array, "task dim dim"],
    W: Float[Array, "task dim"],
) -> Float[Array, "task dim"]:
    """`u = P A^-1 vec(W) = (I + A blockdiag(k_t Sigma_t))^-1 vec(W)`: E What = W - u."""
    return jnp.linalg.solve(coupled_system(B, k, covariance), W.reshape(-1)).reshape(W.shape)


def _squared(u_a, covariance):
    """K and K_self from `u_a[a, s]`, the mean error of task s when only hyperplane a is present (their sum over a is u)."""
    T, d = covariance.shape[:2]
    u = jnp.sum(u_a, axis=0)
    K = jnp.einsum("siq,sij,sjq->s", u, covariance, u)
    return K / (T * d), jnp.einsum("asiq,sij,asjq->s", u_a, covariance, u_a) / (T * d)


def risk_general(
    B: Float[Array, "task task"],
    n: Real[Array, " task"],
    covariance: Float[Array, "task dim dim"],
    W: Float[Array, "task dim *output"],
    noise: Float[Array, " task"],
    **options: Any,
) -> Risk:
    """Predicted train and test risk for any covariances and any PSD coupling.

    Args:
      B: (T, T) PSD coupling.
      n: (T,) samples per task.
      covariance: (T, d, d).
      W: (T, d) true hyperplanes, (T, d, q) of several outputs.
      noise: (T,) noise variances, averaged over outputs.
      options: newton, tolerance, max_iterations of the fixed point.
    """
    W = per_output(W)
    T, d, q = W.shape
    e = equivalent_general(B, n, covariance, **options)
    alone = jnp.einsum("as,siq->siaq", jnp.eye(T, dtype=W.dtype), W).reshape(T * d, T * q)
    u_a = jnp.linalg.solve(coupled_system(B, e.kappa, covariance), alone).reshape(T, d, T, q)
    return assemble(e, *_squared(jnp.moveaxis(u_a, 2, 0), covariance), noise)


def risk_shared_centre(
    gamma: Float[Array, " task"],
    lam: Scalar,
    n: Real[Array, " task"],
    covariance: Float[Array, "task dim dim"],
    W: Float[Array, "task dim *output"],
    noise: Float[Array, " task"],
    **options: Any,
) -> Risk:
    """`risk_general` for `B = diag(gamma) + lam 1 1^T`."""
    W = per_output(W)
    each = jnp.arange(W.shape[0])
    e = equivalent_shared_centre(gamma, lam, n, covariance, **options)
    # mean error u_t = E_t (w_t - z), z = S sum_s kappa_s Sigma_s E_s w_s; Sigma_s and E_s commute
    own = jnp.einsum("tij,tjq->tiq", e.P.E, W)
    pulls = jnp.einsum("s,ki,sij,sjq->skq", e.kappa, e.P.S, covariance, own)
    u_a = -jnp.einsum("sij,ajq->asiq", e.P.E, pulls)
    return assemble(e, *_squared(u_a.at[each, each].add(own), covariance), noise)
