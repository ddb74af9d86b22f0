"""Empirical-Bayes hierarchy, a control that is not in the paper: mu_q, Sigma_0 and sigma from the data by maximum marginal likelihood."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from mtrl.bandits.off_policy.oracle_opo import oracle_opo
from mtrl.bandits.off_policy.posterior import log_marginal_likelihood, symmetric
from mtrl.bandits.off_policy.problem import Hierarchy, check_statistics
from mtrl.numerics.checks import check_positive, check_whole
from mtrl.numerics.moments import Moments
from mtrl.numerics.types import Scalar


class Learnt(NamedTuple):
    """A hierarchy learnt from data, with its certificate."""

    prior: Hierarchy
    log_likelihood: Float[Array, ""]
    gain: Float[Array, ""]  # of the last step, per logged interaction
    converged: Bool[Array, ""]  # gain in [-tolerance, tolerance]


def empirical_bayes(data: Moments, start: Hierarchy, *, iterations: int = 200, tolerance: Scalar = 1e-4) -> Learnt:
    """EM (Dempster et al. 1977) for `y_s ~ N(Phi_s mu, Phi_s Sigma_0 Phi_s^T + sigma^2 I)`, tasks independent given mu.

    One data set holds one draw of mu_*, so the marginal likelihood is largest at Sigma_q = 0 with mu_q at the estimate of
    mu_*: that is the hierarchy returned, for `hier_opo(data, learnt.prior)`. No step lowers the likelihood.

    Args:
      data: sums over each task's interactions, squares of the rewards included.
      start: where EM starts (its Sigma_q is not used).
      iterations: EM steps (static).
      tolerance: largest gain of the last step per interaction that counts as converged.
    """
    check_statistics(data, start)
    check_whole(iterations=iterations)
    check_positive(tolerance=tolerance)
    total = jnp.sum(data.count)

    def step(prior: Hierarchy, _: None) -> tuple[Hierarchy, None]:
        tasks = oracle_opo(data, prior, prior.mu_q)
        mu = jnp.mean(tasks.mean, axis=0)
        own = tasks.mean - mu
        cov_0 = jnp.mean(tasks.cov + own[:, :, None] * own[:, None, :], axis=0)
        second = tasks.cov + tasks.mean[:, :, None] * tasks.mean[:, None, :]
        residual = data.square - 2 * jnp.sum(data.cross * tasks.mean, -1) + jnp.sum(data.gram * second, (-1, -2))
        return Hierarchy(mu, prior.cov_q, symmetric(cov_0), jnp.sqrt(jnp.sum(residual) / total)), None

    first = Hierarchy(start.mu_q, jnp.zeros_like(start.cov_q), start.cov_0, jnp.asarray(start.noise, start.mu_q.dtype))
    before, _ = jax.lax.scan(step, first, None, length=iterations)
    prior, _ = step(before, None)
    likelihood = log_marginal_likelihood(data, prior)
    gain = (likelihood - log_marginal_likelihood(data, before)) / total
    return Learnt(prior, likelihood, gain, jnp.abs(gain) <= tolerance)
