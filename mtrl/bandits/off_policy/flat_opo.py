"""FlatOPO (Hong et al. 2023, section 6): every task on its own."""

import jax.numpy as jnp

from mtrl.bandits.off_policy.posterior import Posterior, unwhiten, whiten
from mtrl.bandits.off_policy.problem import Hierarchy, check_statistics
from mtrl.numerics.moments import Moments


def flat_opo(data: Moments, prior: Hierarchy) -> Posterior:
    """Posterior under the marginal prior N(mu_q, Sigma_q + Sigma_0) of one task; mu_* is not learnt, its posterior is the hyper-prior.

    `Sd_s = ((Sigma_q + Sigma_0)^-1 + G_s)^-1`, mean `Sd_s ((Sigma_q + Sigma_0)^-1 mu_q + B_s)`.
    """
    check_statistics(data, prior)
    white = whiten(data, prior.cov_q + prior.cov_0, prior.noise)
    found = unwhiten(white, prior.mu_q, jnp.zeros_like(prior.cov_0))
    return found._replace(hyper_cov=prior.cov_q)
