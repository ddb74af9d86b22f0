"""The paper's interpretable approximation of the risk: drops delta (1 + delta ~ 1), to read off who helps whom.

Ilbert et al. 2024, three-term decomposition for two tasks with identity covariance. A picture, not a prediction: compare with
`risk_isotropic`.
"""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float, Real

from mtrl.numerics.linalg import elimination
from mtrl.numerics.types import Scalar


class LeadingOrderRisk(NamedTuple):
    """Average over tasks of the approximate excess risk, and its weights."""

    total: Float[Array, ""]  # self_ + cross + noise + the mean label-noise variance
    self_: Float[Array, ""]  # (1/T) sum_a D_IL,a |w_a|^2/(Td)
    cross: Float[Array, ""]  # (1/T) sum_{a<b} C_MTL,ab w_a.w_b/(Td), negative when tasks are aligned
    noise: Float[Array, ""]  # (1/T) sum_s N_NT,s sig2_s
    D_IL: Float[Array, " task"]
    C_MTL: Float[Array, "task task"]  # entry (a, b), a != b: weight of w_a.w_b counted once; diagonal 0
    N_NT: Float[Array, " task"]


def risk_leading_order(
    B: Float[Array, "task task"],
    n: Real[Array, " task"],
    p: Scalar,
    gram: Float[Array, "task task"],
    noise: Float[Array, " task"],
) -> LeadingOrderRisk:
    """Weights `(I + c0 B)^-2` with `c0 = n_t/(Td)`: diagonal D_IL, twice the off-diagonal C_MTL.

    For T = 2 and equal n_t these are the paper's fractions,
    `D_IL,1 = ((c0(lam+g2)+1)^2 + c0^2 lam^2)/den`, `C_MTL = -2 c0 lam (c0(g1+lam)+1 + c0(g2+lam)+1)/den`. The paper's constant N_NT is
    not printed in the sources at hand; here it is the same approximation (1 + delta = 1, Psi diag(D) to first order) of the noise
    term, `N_NT,s = sum_t (c0_s/T) p_ts^2`, p = (B^-1 + c0)^-1. The paper sums over tasks; the average is returned.

    Args:
      B: (T, T) coupling.
      n: (T,) samples.
      p: dimension d.
      gram: (T, T) `w_s.w_t/(Td)`.
      noise: (T,) noise variances.
    """
    T = B.shape[0]
    c0 = n.astype(B.dtype) / (T * p)
    L = elimination.inverse(jnp.eye(T, dtype=B.dtype) + B * c0)
    weights = L.T @ L
    D_IL = jnp.diagonal(weights)
    C_MTL = 2 * (weights - jnp.diag(D_IL))
    prior = L @ B
    N_NT = c0 * jnp.sum(prior**2, axis=0) / T
    self_ = jnp.sum(D_IL * jnp.diagonal(gram)) / T
    cross = jnp.sum(C_MTL * gram) / (2 * T)
    fitted = jnp.sum(N_NT * noise) / T
    return LeadingOrderRisk(self_ + cross + fitted + jnp.mean(noise), self_, cross, fitted, D_IL, C_MTL, N_NT)
