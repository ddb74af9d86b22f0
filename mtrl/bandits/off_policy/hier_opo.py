"""HierOPO (Hong et al. 2023, section 4): exact posteriors of all tasks in the linear-Gaussian hierarchy."""

from mtrl.bandits.off_policy.posterior import Posterior, hyper_evidence, unwhiten, update_gaussian, whiten
from mtrl.bandits.off_policy.problem import Hierarchy, check_statistics
from mtrl.numerics.moments import Moments


def hier_opo(data: Moments, prior: Hierarchy) -> Posterior:
    """Posterior of every theta_s and of mu_* given the data of all tasks; act by `pessimistic`.

    The paper prints `Sigma_bar^-1 = Sigma_q^-1 + sum_s (Sigma_0 + G_s^-1)^-1`, which needs every G_s and Sigma_q invertible.
    This is the equal form `Sigma_bar = (I + Sigma_q W)^-1 Sigma_q`, `mu_bar = mu_q + Sigma_bar (r - W mu_q)` with `W = sum_s
    W_s`, `W_s = (Sigma_0 + G_s^-1)^-1`, `r = sum_s Sigma_0^-1 St_s B_s`, which covers empty tasks, rank-deficient logs and a
    singular Sigma_q too.

    Args:
      data: sums over each task's interactions (`statistics`, `cumulative_moments`).
      prior: (mu_q, Sigma_q, Sigma_0, sigma).
    """
    check_statistics(data, prior)
    white = whiten(data, prior.cov_0, prior.noise)
    mean, cov = update_gaussian(prior.mu_q, prior.cov_q, *hyper_evidence(white))
    return unwhiten(white, mean, cov)
