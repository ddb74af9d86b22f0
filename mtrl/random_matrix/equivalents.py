"""Deterministic equivalent of the multitask ridge for any task covariances and any PSD coupling.

Ilbert et al. 2024 (arXiv 2406.10327): the co-resolvent `(A^1/2 Z Z^T A^1/2/(Td) + I)^-1`, A = B kron I, is replaced by
`P = (B^-1 kron I + blockdiag(kappa_t Sigma_t))^-1` at the solution of a T-dimensional fixed point.
"""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, Real

from mtrl.numerics.fixed_point import fixed_point
from mtrl.numerics.linalg import elimination
from mtrl.random_matrix.risk import Risk, assemble


class Equivalent(NamedTuple):
    """Fixed point and its second-order matrix for general covariances."""

    delta: Float[Array, " task"]  # tr(Sigma_t P_tt)/(Td)
    kappa: Float[Array, " task"]  # n_t/(Td(1+delta_t))
    D: Float[Array, " task"]  # n_t/(Td(1+delta_t)^2)
    Psi: Float[Array, "task task"]  # tr(Sigma_s P_sr Sigma_r P_rs)/(Td)
    P: Float[Array, "task dim task dim"]
    converged: Bool[Array, ""]
    iterations: Int[Array, ""]
    residual: Float[Array, ""]


def _system(B, k, covariance):
    """`I + A blockdiag(k_t Sigma_t)` as a (Td, Td) matrix."""
    T, d = covariance.shape[:2]
    blocks = jnp.einsum("st,t,tij->sitj", B, k, covariance).reshape(T * d, T * d)
    return jnp.eye(T * d, dtype=B.dtype) + blocks


def coupled_inverse_dense(
    B: Float[Array, "task task"], k: Float[Array, " task"], covariance: Float[Array, "task dim dim"]
) -> Float[Array, "task dim task dim"]:
    """`P = (I + A blockdiag(k_t Sigma_t))^-1 A`, by one (Td)^3 solve; never B^-1, so B may be singular."""
    T, d = covariance.shape[:2]
    A = jnp.kron(B, jnp.eye(d, dtype=B.dtype))
    P = jnp.linalg.solve(_system(B, k, covariance), A)
    return ((P + P.T) / 2).reshape(T, d, T, d)


def second_order(
    P: Float[Array, "task dim task dim"], covariance: Float[Array, "task dim dim"]
) -> Float[Array, "task task"]:
    """`Psi_sr = tr(Sigma_s P_sr Sigma_r P_rs)/(Td)`."""
    T, d = covariance.shape[:2]
    SP = jnp.einsum("sij,sjrk->sirk", covariance, P)  # Sigma_s P_sr
    return jnp.einsum("sirk,rksi->sr", SP, SP) / (T * d)


def fixed_point_general(
    B: Float[Array, "task task"],
    n: Real[Array, " task"],
    covariance: Float[Array, "task dim dim"],
    *,
    newton: bool = True,
    tolerance: float | None = None,
    max_iterations: int = 2000,
) -> Equivalent:
    """Solve `delta_t = tr(Sigma_t P_tt)/(Td)` from the start `B_tt tr(Sigma_t)/(Td)`.

    Newton steps reuse Psi, the fixed point's own Jacobian being `Psi diag(D)` (see `fixed_point_modes`). Cost (Td)^3 per step; for
    `B = diag(gamma) + lam 1 1^T` use `star.fixed_point_star`, T d^3.

    Args:
      B: (T, T) PSD coupling, possibly singular.
      n: (T,) samples per task.
      covariance: (T, d, d) PSD covariances of the features.
      newton, tolerance, max_iterations: see `fixed_point_modes`.
    """
    T, d = covariance.shape[:2]
    n = n.astype(B.dtype)

    def kappa_of(delta):
        return n / (T * d * (1 + delta))

    def traces(P):
        return jnp.einsum("tij,tjti->t", covariance, P) / (T * d)

    def newton_step(delta):
        P = coupled_inverse_dense(B, kappa_of(delta), covariance)
        jacobian = second_order(P, covariance) * (kappa_of(delta) / (1 + delta))
        return delta - elimination.solve(jnp.eye(T, dtype=B.dtype) - jacobian, (delta - traces(P))[:, None])[:, 0]

    solution = fixed_point(
        lambda delta: traces(coupled_inverse_dense(B, kappa_of(delta), covariance)),
        jnp.diagonal(B) * jnp.trace(covariance, axis1=1, axis2=2) / (T * d),
        step=newton_step if newton else None,
        tolerance=tolerance,
        max_iterations=max_iterations,
    )
    delta = solution.value
    kappa = kappa_of(delta)
    P = coupled_inverse_dense(B, kappa, covariance)
    return Equivalent(delta, kappa, kappa / (1 + delta), second_order(P, covariance), P, *solution[1:])


def mean_residual(
    B: Float[Array, "task task"],
    k: Float[Array, " task"],
    covariance: Float[Array, "task dim dim"],
    W: Float[Array, "task dim"],
) -> Float[Array, "task dim"]:
    """`u = P A^-1 vec(W) = (I + A blockdiag(k_t Sigma_t))^-1 vec(W)`, the mean error: E What = W - u."""
    return jnp.linalg.solve(_system(B, k, covariance), W.reshape(-1)).reshape(W.shape)


def risk_general(
    B: Float[Array, "task task"],
    n: Real[Array, " task"],
    covariance: Float[Array, "task dim dim"],
    W: Float[Array, "task dim"],
    noise: Float[Array, " task"],
    *,
    newton: bool = True,
) -> Risk:
    """Predicted train and test risk for any covariances and any PSD coupling.

    Args:
      B: (T, T) PSD coupling.
      n: (T,) samples per task.
      covariance: (T, d, d).
      W: (T, d) true hyperplanes.
      noise: (T,) noise variances.
      newton: see `fixed_point_general`.
    """
    T, d = W.shape
    e = fixed_point_general(B, n, covariance, newton=newton)
    # column a: the mean error when only hyperplane a is present; their sum is u
    alone = (jnp.eye(T, dtype=W.dtype)[:, :, None] * W[None]).reshape(T, T * d).T
    u_a = jnp.linalg.solve(_system(B, e.kappa, covariance), alone).T.reshape(T, T, d)
    u = jnp.sum(u_a, axis=0)
    K = jnp.einsum("si,sij,sj->s", u, covariance, u) / (T * d)
    K_self = jnp.einsum("asi,sij,asj->s", u_a, covariance, u_a) / (T * d)
    return assemble(e.delta, e.D, e.Psi, K, K_self, noise)
