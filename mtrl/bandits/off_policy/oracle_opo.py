"""OracleOPO (Hong et al. 2023, section 6): the task posteriors of one who knows mu_*."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from mtrl.bandits.off_policy.posterior import Posterior, unwhiten, whiten
from mtrl.bandits.off_policy.problem import Hierarchy, check_statistics
from mtrl.numerics.moments import Moments


def oracle_opo(data: Moments, prior: Hierarchy, mu_star: Float[Array, " dim"]) -> Posterior:
    """HierOPO with mu_bar = mu_* and Sigma_bar = 0: mean `St_s (Sigma_0^-1 mu_* + B_s)`, covariance St_s."""
    check_statistics(data, prior)
    return unwhiten(whiten(data, prior.cov_0, prior.noise), mu_star, jnp.zeros_like(prior.cov_0))
