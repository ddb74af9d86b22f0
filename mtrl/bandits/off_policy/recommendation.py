"""From completed ratings to bandit tasks (Hong et al. 2023, section 6.2): clusters of users give the hierarchy, one cluster the tasks."""

from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from mtrl.bandits.off_policy.problem import Hierarchy, hierarchy
from mtrl.numerics.checks import check_finite, check_whole
from mtrl.numerics.errors import BadInput
from mtrl.numerics.types import Scalar


class Cluster(NamedTuple):
    """The largest component of the mixture: what the algorithms are told, and its users."""

    prior: Hierarchy
    mu_star: Float[Array, " dim"]  # the component's centre, for OracleOPO alone
    users: Float[Array, "task dim"]  # the users of the component, true task parameters
    centres: Float[Array, "component dim"]


def prior_of_centres(centres: Any) -> tuple[Any, Any]:
    """(mu_q, Sigma_q): mean and covariance (divisor k - 1) of the k centres, whose rank is at most k - 1: singular in 10 dimensions."""
    return centres.mean(0), jnp.cov(centres.T)


def largest_cluster(
    users: Any, *, noise: Scalar, tasks: int, components: int = 7, seed: int = 0, starts: int = 3
) -> Cluster:
    """Fit a mixture of Gaussians with full covariances to the rows of U by scikit-learn, and take the component of most users.

    The mixture supplies what algorithms are told and nothing else: a task's true parameter stays its row of U. The paper does
    not say the kind of covariance; full ones are assumed.

    Args:
      users: (users, d) rows of U.
      noise: sigma, the standard deviation of a reward.
      tasks: m, how many users the component must have.
      components: k.
      seed: of scikit-learn's start.
      starts: of which the likeliest is kept.

    Raises:
      BadInput: fewer than `tasks` users in the component; fewer users than components; NaN.
    """
    from sklearn.mixture import GaussianMixture

    rows = np.asarray(users, float)
    check_whole(tasks=tasks, components=components)
    check_finite(users=rows)
    if len(rows) < components:
        raise BadInput(f"components got {components}, but there are only {len(rows)} users; lower it")
    mixture = GaussianMixture(components, covariance_type="full", random_state=seed, n_init=starts).fit(rows)
    member = mixture.predict(rows)
    most = int(np.argmax(np.bincount(member, minlength=components)))
    mine = rows[member == most]
    if len(mine) < tasks:
        raise BadInput(
            f"tasks got {tasks}, but the largest of {components} components has {len(mine)} users; "
            "lower tasks or components, or take more users"
        )
    centres = jnp.asarray(mixture.means_)
    mu_q, cov_q = prior_of_centres(centres)
    prior = hierarchy(mu_q, cov_q, jnp.asarray(np.asarray(mixture.covariances_)[most]), noise=noise)
    return Cluster(prior, centres[most], jnp.asarray(mine), centres)
