"""Deterministic equivalent for any task covariances and any PSD coupling."""

from typing import Any

import jax.numpy as jnp
from jaxtyping import Array, Float, Real

from mtrl.numerics.checks import check_psd
from mtrl.random_matrix.equivalents.resolvent import Equivalent, solve


def coupled_system(B: Float[Array, "task task"], k: Float[Array, " task"], covariance: Float[Array, "task dim dim"]):
    """`I + A blockdiag(k_t Sigma_t)` as a (Td, Td) matrix; its inverse times vec(W) is the mean error `u = P A^-1 vec(W)`."""
    T, d = covariance.shape[:2]
    blocks = jnp.einsum("st,t,tij->sitj", B, k, covariance).reshape(T * d, T * d)
    return jnp.eye(T * d, dtype=B.dtype) + blocks


def coupled_inverse_dense(
    B: Float[Array, "task task"], k: Float[Array, " task"], covariance: Float[Array, "task dim dim"]
) -> Float[Array, "task dim task dim"]:
    """`P = (I + A blockdiag(k_t Sigma_t))^-1 A`, by one (Td)^3 solve; never B^-1, so B may be singular."""
    T, d = covariance.shape[:2]
    P = jnp.linalg.solve(coupled_system(B, k, covariance), jnp.kron(B, jnp.eye(d, dtype=B.dtype)))
    return ((P + P.T) / 2).reshape(T, d, T, d)


def equivalent_general(
    B: Float[Array, "task task"], n: Real[Array, " task"], covariance: Float[Array, "task dim dim"], **options: Any
) -> Equivalent:
    """Solve `delta_t = tr(Sigma_t P_tt)/(Td)`; cost (Td)^3 per step.

    For `B = diag(gamma) + lam 1 1^T` use `equivalent_shared_centre`, T d^3.

    Args:
      B: (T, T) PSD coupling, possibly singular.
      n: (T,) samples per task.
      covariance: (T, d, d) PSD covariances of the features.
      options: newton, tolerance, max_iterations of `resolvent.solve`.
    """
    check_psd(B=B, covariance=covariance)
    T, d = covariance.shape[:2]

    def blocks(kappa):
        P = coupled_inverse_dense(B, kappa, covariance)
        SP = jnp.einsum("sij,sjrk->sirk", covariance, P)  # Sigma_s P_sr
        traces = jnp.einsum("titi->t", SP) / (T * d)
        return P, traces, jnp.einsum("sirk,rksi->sr", SP, SP) / (T * d)

    start = jnp.diagonal(B) * jnp.trace(covariance, axis1=1, axis2=2) / (T * d)
    return solve(blocks, n=n, scale=T * d, start=start, **options)
