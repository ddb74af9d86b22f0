"""Off-policy learning of many bandit tasks from one log (Hong et al., ICML 2023): nothing can be explored, tasks are alike.

- the hierarchy `mu_* ~ N(mu_q, Sigma_q)`, `theta_s ~ N(mu_*, Sigma_0)`: `hierarchy`, `sample_tasks`, `sample_log`
- statistics of a log: `statistics` (one's own), `cumulative_moments` (the whole curve over n in one pass)
- posteriors: `hier_opo`, `oracle_opo` (knows mu_*), `flat_opo` (each task alone); controls that are not in the paper: `pooled_opo`, and
  `empirical_bayes`, which learns the hierarchy too
- the policy: `pessimistic` (`alpha=0` is greedy); its worth: `suboptimality`, and the logging policy's, `logging_suboptimality`
- `theory`: the bounds
- from ratings to tasks: `complete` (alternating least squares), `hold_out_errors` for its ridge, `largest_cluster`

>>> import jax, jax.numpy as jnp
>>> jax.config.update("jax_enable_x64", True)
>>> from mtrl.bandits import off_policy as op
>>> data = op.statistics([0, 1], [[1.0], [1.0]], [1.0, 3.0], tasks=2)  # two users, one rating each
>>> prior = op.hierarchy([0.0], 1.0, 1.0, noise=1.0)
>>> found = op.hier_opo(data, prior)
>>> found.mean.round(6).tolist(), found.cov.round(6).ravel().tolist()
([[1.0], [2.0]], [0.625, 0.625])
>>> op.pessimistic(found, jnp.array([[[[0.5], [-0.5]]]] * 2), alpha=0.1).tolist()  # action 0 is better for both
[[0], [0]]
"""

from mtrl.bandits.off_policy import theory
from mtrl.bandits.off_policy.completion import Factors, complete, hold_out_errors, predicted
from mtrl.bandits.off_policy.empirical_bayes import Learnt, empirical_bayes
from mtrl.bandits.off_policy.flat_opo import flat_opo
from mtrl.bandits.off_policy.hier_opo import hier_opo
from mtrl.bandits.off_policy.oracle_opo import oracle_opo
from mtrl.bandits.off_policy.pooled_opo import pooled_opo
from mtrl.bandits.off_policy.posterior import Posterior, log_marginal_likelihood, lower_bounds, pessimistic, widths
from mtrl.bandits.off_policy.problem import (
    Hierarchy,
    Log,
    Tasks,
    cumulative_moments,
    expected_rewards,
    hierarchy,
    logging_suboptimality,
    optimal_gram,
    sample_log,
    sample_tasks,
    statistics,
    suboptimality,
    zipf,
)
from mtrl.bandits.off_policy.recommendation import Cluster, largest_cluster, prior_of_centres

__all__ = [
    "Cluster", "Factors", "Hierarchy", "Learnt", "Log", "Posterior", "Tasks", "complete", "cumulative_moments",
    "empirical_bayes", "expected_rewards", "flat_opo", "hier_opo", "hierarchy", "hold_out_errors",
    "largest_cluster", "log_marginal_likelihood", "logging_suboptimality", "lower_bounds", "optimal_gram",
    "oracle_opo", "pessimistic", "pooled_opo", "predicted", "prior_of_centres", "sample_log", "sample_tasks",
    "statistics", "suboptimality", "theory", "widths", "zipf",
]  # fmt: skip
