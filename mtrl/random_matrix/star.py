"""Deterministic equivalent for general covariances and the star coupling `B = diag(gamma) + lam 1 1^T`: T d^3 instead of (Td)^3.

Given the shared part W_0 the tasks separate, so P follows from d x d blocks (derived here; equality with `equivalents` is tested). With
`E_t = (I + gamma_t kappa_t Sigma_t)^-1` and the posterior covariance of W_0, `S = (I/lam + sum_t kappa_t Sigma_t E_t)^-1`:
`P_st = E_s S E_t + [s = t] gamma_t E_t`.
"""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, Real

from mtrl.numerics.fixed_point import fixed_point
from mtrl.numerics.linalg import elimination
from mtrl.numerics.types import Scalar
from mtrl.random_matrix.risk import Risk, assemble


class StarEquivalent(NamedTuple):
    """Fixed point, second-order matrix and the blocks P is made of."""

    delta: Float[Array, " task"]
    kappa: Float[Array, " task"]
    D: Float[Array, " task"]
    Psi: Float[Array, "task task"]
    E: Float[Array, "task dim dim"]  # (I + gamma_t kappa_t Sigma_t)^-1
    S: Float[Array, "dim dim"]  # posterior covariance of W_0
    converged: Bool[Array, ""]
    iterations: Int[Array, ""]
    residual: Float[Array, ""]


class _Spectrum(NamedTuple):
    values: Float[Array, "task dim"]
    vectors: Float[Array, "task dim dim"]


def _blocks(gamma, lam, k, spectrum):
    """E_t and S at given kappa. Sigma_t is diagonalised once, outside the iterations."""
    values, vectors = spectrum
    d = values.shape[1]
    shrink = 1 / (1 + (gamma * k)[:, None] * values)
    E = jnp.einsum("tij,tj,tkj->tik", vectors, shrink, vectors)
    information = jnp.einsum("tij,tj,tkj->ik", vectors, k[:, None] * values * shrink, vectors)
    eye = jnp.eye(d, dtype=values.dtype)
    S = lam * jnp.linalg.solve(eye + lam * information, eye)
    return E, (S + S.T) / 2, shrink


def _second_order(gamma, E, S, shrink, spectrum, covariance):
    """delta_t = tr(Sigma_t P_tt)/(Td) and Psi from the blocks."""
    T, d = covariance.shape[:2]
    values, vectors = spectrum
    M = jnp.einsum("tij,tj,tkj->tik", vectors, values * shrink**2, vectors)  # E Sigma E
    MS = M @ S
    delta = (jnp.sum(gamma[:, None] * values * shrink, 1) + jnp.trace(MS, axis1=1, axis2=2)) / (T * d)
    Psi = jnp.einsum("sij,rji->sr", MS, MS)
    # s = r adds gamma E to P_ss: tr(Sigma gE Sigma gE) + 2 tr(Sigma gE Sigma E S E)
    own = jnp.sum((gamma[:, None] * values * shrink) ** 2, 1)
    mixed = jnp.einsum("tij,tj,tkj->tik", vectors, gamma[:, None] * values**2 * shrink**3, vectors)
    own = own + 2 * jnp.einsum("tij,ji->t", mixed, S)
    return delta, (Psi + jnp.diag(own)) / (T * d)


def fixed_point_star(
    gamma: Float[Array, " task"],
    lam: Scalar,
    n: Real[Array, " task"],
    covariance: Float[Array, "task dim dim"],
    *,
    newton: bool = True,
    tolerance: float | None = None,
    max_iterations: int = 2000,
) -> StarEquivalent:
    """Solve the fixed point of `equivalents.fixed_point_general` for `B = diag(gamma) + lam 1 1^T`.

    Args:
      gamma: (T,) task-specific strengths.
      lam: shared strength.
      n: (T,) samples per task.
      covariance: (T, d, d) PSD. Derivatives in the covariance pass through an eigendecomposition: where a Sigma_t has equal
        eigenvalues and its derivative is wanted, use `fixed_point_general`.
      newton, tolerance, max_iterations: see `fixed_point_modes`.
    """
    T, d = covariance.shape[:2]
    dtype = covariance.dtype
    gamma, n, lam = gamma.astype(dtype), n.astype(dtype), jnp.asarray(lam, dtype)
    spectrum = _Spectrum(*jnp.linalg.eigh(covariance))

    def kappa_of(delta):
        return n / (T * d * (1 + delta))

    def second_order(delta):
        E, S, shrink = _blocks(gamma, lam, kappa_of(delta), spectrum)
        return _second_order(gamma, E, S, shrink, spectrum, covariance)

    def newton_step(delta):
        new, Psi = second_order(delta)
        jacobian = Psi * (kappa_of(delta) / (1 + delta))
        return delta - elimination.solve(jnp.eye(T, dtype=dtype) - jacobian, (delta - new)[:, None])[:, 0]

    solution = fixed_point(
        lambda delta: second_order(delta)[0],
        (gamma + lam) * jnp.sum(spectrum.values, 1) / (T * d),
        step=newton_step if newton else None,
        tolerance=tolerance,
        max_iterations=max_iterations,
    )
    delta = solution.value
    kappa = kappa_of(delta)
    E, S, shrink = _blocks(gamma, lam, kappa, spectrum)
    _, Psi = _second_order(gamma, E, S, shrink, spectrum, covariance)
    return StarEquivalent(delta, kappa, kappa / (1 + delta), Psi, E, S, *solution[1:])


def risk_star(
    gamma: Float[Array, " task"],
    lam: Scalar,
    n: Real[Array, " task"],
    covariance: Float[Array, "task dim dim"],
    W: Float[Array, "task dim"],
    noise: Float[Array, " task"],
    *,
    newton: bool = True,
) -> Risk:
    """Predicted train and test risk for general covariances and the star coupling; arguments as `equivalents.risk_general`."""
    T, d = W.shape
    e = fixed_point_star(gamma, lam, n, covariance, newton=newton)
    # mean error u_t = E_t (w_t - z), z = S sum_s kappa_s Sigma_s E_s w_s; Sigma_s and E_s commute
    own = jnp.einsum("tij,tj->ti", e.E, W)
    pulls = jnp.einsum("s,sij,sj->si", e.kappa, covariance, own) @ e.S
    u_a = -jnp.einsum("sij,aj->asi", e.E, pulls)  # from hyperplane a to task s
    u_a = u_a.at[jnp.arange(T), jnp.arange(T)].add(own)
    u = jnp.sum(u_a, axis=0)
    K = jnp.einsum("si,sij,sj->s", u, covariance, u) / (T * d)
    K_self = jnp.einsum("asi,sij,asj->s", u_a, covariance, u_a) / (T * d)
    return assemble(e.delta, e.D, e.Psi, K, K_self, noise)
