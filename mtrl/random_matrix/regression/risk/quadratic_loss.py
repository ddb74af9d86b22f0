"""Any quadratic loss of the multitask ridge, `E (What - W)^T N (What - W)/(Td)` (derived here, checked against simulation)."""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from mtrl.random_matrix.equivalents import Equivalent
from mtrl.random_matrix.regression.risk.general import mean_error


class QuadraticLoss(NamedTuple):
    """The loss and its two parts."""

    total: Float[Array, ""]
    bias: Float[Array, ""]  # u^T N u/(Td), u = W - E What
    variance: Float[Array, ""]  # sum_s D_s v0_s R_test,s


def first_order(
    P: Float[Array, "task dim task dim"], covariance: Float[Array, "task dim dim"], N: Float[Array, "task dim task dim"]
) -> Float[Array, " task"]:
    """`v0_s = tr(Sigma_s [P N P]_ss)/(Td)`."""
    T, d = covariance.shape[:2]
    flat = P.reshape(T * d, T * d)
    PNP = (flat @ N.reshape(T * d, T * d) @ flat).reshape(T, d, T, d)
    return jnp.einsum("sij,sjsi->s", covariance, PNP) / (T * d)


def quadratic_loss(
    equivalent: Equivalent,
    B: Float[Array, "task task"],
    covariance: Float[Array, "task dim dim"],
    W: Float[Array, "task dim"],
    N: Float[Array, "task dim task dim"],
    test: Float[Array, " task"],
) -> QuadraticLoss:
    """The estimator acts like `W - u` plus independent noise of covariance `sum_s D_s R_test,s P_.s Sigma_s P_s.`.

    Args:
      equivalent: of `equivalent_general` at B.
      B, covariance, W: as in `risk_general`.
      N: (T, d, T, d) symmetric weights; `e_t e_t^T kron Sigma_t` gives R_test,t - sig2_t.
      test: (T,) predicted test risks at B.
    """
    T, d = W.shape
    u = mean_error(B, equivalent.kappa, covariance, W)
    bias = jnp.einsum("si,sitj,tj->", u, N, u) / (T * d)
    variance = jnp.sum(equivalent.D * first_order(equivalent.P, covariance, N) * test)
    return QuadraticLoss(bias + variance, bias, variance)
