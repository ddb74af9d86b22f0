"""Deterministic equivalent for features of identity covariance: everything is T x T."""

from typing import Any

import jax.numpy as jnp
from jaxtyping import Array, Float, Real

from mtrl.numerics.types import Scalar
from mtrl.random_matrix.equivalents.commuting import equivalent_commuting
from mtrl.random_matrix.equivalents.resolvent import Equivalent


def equivalent_isotropic(
    B: Float[Array, "task task"], n: Real[Array, " task"], p: Scalar, **options: Any
) -> Equivalent:
    """Solve `delta_t = [p0]_tt/T` with `p0 = (B^-1 + diag(kappa))^-1`, `kappa_t = n_t/(T p (1+delta_t))`; cost T^3 per step.

    The P returned is p0; the Td x Td matrix of the general case is `p0 kron I`, and `Psi = p0 * p0/T` elementwise. Used by the regression
    (Ilbert et al. 2024) and by the least-squares classifier (Tiomoko et al., ICLR 2021), whose resolvents agree.

    Args:
      B: (T, T) PSD coupling `diag(gamma) + lam 1 1^T`, or any other.
      n: (T,) samples per task.
      p: dimension of the features (d in the regression).
      options: newton, tolerance, max_iterations of `resolvent.solve`.
    """
    ones = jnp.ones((B.shape[0], 1), B.dtype)
    found = equivalent_commuting(B, n, ones, jnp.asarray(p, B.dtype)[None], **options)
    return found._replace(P=found.P[0])
