"""Model statistics from ONE ridge fit: undo its shrinkage and subtract its noise (derived here, checked against simulation).

The fit acts like `J w` plus independent noise of covariance `sum_s D_s R_test,s P_.s Sigma_s P_s.`, with `J = I - P A^-1`; R_test is
estimated by leave-one-out. So `w^T N w/(Td)` is estimated by `What^T kap(N) What/(Td) - sum_s D_s v0_s(kap(N)) Rhat_s`,
`kap(N) = J^-T N J^-1`.
"""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from mtrl.random_matrix.equivalents import Equivalent
from mtrl.random_matrix.regression.risk import first_order


class FittedStatistics(NamedTuple):
    """What identity covariance needs."""

    gram: Float[Array, "task task"]  # w_s.w_t/(Td), not necessarily PSD
    noise: Float[Array, " task"]  # sig2_t, may come out negative


def functional_from_fit(
    What: Float[Array, "task dim"],
    equivalent: Equivalent,
    covariance: Float[Array, "task dim dim"],
    N: Float[Array, "task dim task dim"],
    risk: Float[Array, " task"],
) -> Float[Array, ""]:
    """Estimate `w^T N w/(Td)` for symmetric N, any covariances.

    `J = P blockdiag(kappa_t Sigma_t)`: needs B and every Sigma_t invertible.

    Args:
      What: (T, d) fitted hyperplanes.
      equivalent: of `equivalent_general` at the coupling of the fit.
      covariance: (T, d, d).
      N: (T, d, T, d).
      risk: (T,) estimated test risks of the fit.
    """
    T, d = What.shape
    J = jnp.einsum("sitj,t,tjk->sitk", equivalent.P, equivalent.kappa, covariance).reshape(T * d, T * d)
    half = jnp.linalg.solve(J.T, N.reshape(T * d, T * d))
    kap = jnp.linalg.solve(J.T, half.T).T
    w = What.reshape(-1)
    fitted_noise = jnp.sum(equivalent.D * first_order(equivalent.P, covariance, kap.reshape(T, d, T, d)) * risk)
    return w @ kap @ w / (T * d) - fitted_noise


def statistics_from_fit(
    What: Float[Array, "task dim"], equivalent: Equivalent, risk: Float[Array, " task"]
) -> FittedStatistics:
    """The gram and the noise for identity covariance, to predict the risk at every OTHER (gamma, lam).

    `gram = J^-1 (What What^T/(Td) - p0 diag(D R) p0/T) J^-T`, J = p0 diag(kappa); then `sig2 = (I - Psi diag(D)) R - K`.

    Args:
      What: (T, d) fitted hyperplanes.
      equivalent: of `equivalent_isotropic` at the coupling of the fit.
      risk: (T,) estimated test risks of the fit.
    """
    T, d = What.shape
    e = equivalent
    J = e.P * e.kappa
    raw = What @ What.T / (T * d) - (e.P * (e.D * risk)) @ e.P / T
    gram = jnp.linalg.solve(J, jnp.linalg.solve(J, raw).T)
    L = jnp.eye(T, dtype=J.dtype) - J
    K = jnp.diagonal(L @ gram @ L.T)
    return FittedStatistics((gram + gram.T) / 2, risk - (e.Psi * e.D) @ risk - K)
