"""Deterministic equivalent for features of identity covariance: everything is T x T."""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, Real

from mtrl.numerics.types import Scalar
from mtrl.random_matrix.modes import fixed_point_modes


class IsotropicEquivalent(NamedTuple):
    """Fixed point of the resolvent for Sigma_t = I; the Td x Td matrix P of the general case is `p0 kron I`."""

    delta: Float[Array, " task"]  # [p0]_tt / T
    p0: Float[Array, "task task"]  # (B^-1 + diag(kappa))^-1
    kappa: Float[Array, " task"]  # n_t/(T p (1+delta_t))
    D: Float[Array, " task"]  # n_t/(T p (1+delta_t)^2)
    Psi: Float[Array, "task task"]  # p0 * p0 / T, elementwise
    converged: Bool[Array, ""]
    iterations: Int[Array, ""]
    residual: Float[Array, ""]


def fixed_point_isotropic(
    B: Float[Array, "task task"],
    n: Real[Array, " task"],
    p: Scalar,
    *,
    newton: bool = True,
    tolerance: float | None = None,
    max_iterations: int = 2000,
) -> IsotropicEquivalent:
    """Solve `delta_t = [p0]_tt/T` with `p0 = (B^-1 + diag(kappa))^-1`, `kappa_t = n_t/(T p (1+delta_t))`; cost T^3 per step.

    Used by the regression (Ilbert et al. 2024) and by the least-squares classifier (Tiomoko et al., ICLR 2021), whose resolvents agree.

    Args:
      B: (T, T) PSD coupling `diag(gamma) + lam 1 1^T`, or any other.
      n: (T,) samples per task.
      p: dimension of the features (d in the regression).
      newton, tolerance, max_iterations: see `fixed_point_modes`.
    """
    T = B.shape[0]
    found = fixed_point_modes(
        B,
        n,
        jnp.ones((T, 1), B.dtype),
        jnp.asarray(p, B.dtype)[None],
        newton=newton,
        tolerance=tolerance,
        max_iterations=max_iterations,
    )
    return IsotropicEquivalent(
        found.delta, found.P[0], found.kappa, found.D, found.Psi, found.converged, found.iterations, found.residual
    )
