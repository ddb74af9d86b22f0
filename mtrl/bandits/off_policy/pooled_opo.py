"""Pooled learning, a control that is not in the paper: all tasks taken for one."""

import jax.numpy as jnp

from mtrl.bandits.off_policy.posterior import Posterior, update_gaussian
from mtrl.bandits.off_policy.problem import Hierarchy, check_statistics
from mtrl.numerics.moments import Moments


def pooled_opo(data: Moments, prior: Hierarchy) -> Posterior:
    """Bayesian ridge with prior N(mu_q, Sigma_q) on the rows of all tasks, HierOPO's limit Sigma_0 -> 0 (`prior.cov_0` is not used)."""
    check_statistics(data, prior)
    variance = prior.noise**2
    mean, cov = update_gaussian(
        prior.mu_q, prior.cov_q, jnp.sum(data.gram, 0) / variance, jnp.sum(data.cross, 0) / variance
    )
    tasks = data.count.shape[0]
    return Posterior(jnp.tile(mean, (tasks, 1)), jnp.tile(cov, (tasks, 1, 1)), mean, cov)
