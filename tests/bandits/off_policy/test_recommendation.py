"""Clusters of users: the largest one, its law, a singular hyper-prior, and what is refused."""

import numpy as np
import pytest

from mtrl.bandits import off_policy as op
from mtrl.numerics.errors import BadInput
from tests.bandits.off_policy.worlds import HIER, STATISTICS, rows
from tests.helpers import assert_close


def users():
    """Three clusters of 40, 90 and 60 users in 4 dimensions."""
    rng = np.random.default_rng(0)
    centres = 5 * rng.normal(size=(3, 4))
    return centres, np.concatenate(
        [c + 0.3 * rng.normal(size=(n, 4)) for c, n in zip(centres, (40, 90, 60), strict=True)]
    )


def test_largest_cluster_gives_the_hierarchy():
    centres, people = users()
    found = op.largest_cluster(people, noise=0.5, tasks=80, components=3)
    mine = people[40:130]
    assert_close("mu_*", found.mu_star, mine.mean(0), 1e-6)
    assert_close(
        "Sigma_0", found.prior.cov_0, np.cov(mine.T, bias=True) + 1e-6 * np.eye(4), 1e-6
    )  # scikit-learn's own 1e-6
    np.testing.assert_array_equal(found.users, mine)
    assert_close("mu_q", found.prior.mu_q, centres.mean(0), 0.05)
    assert np.linalg.matrix_rank(found.prior.cov_q, tol=1e-9) == 2
    x, _ = rows()
    data = STATISTICS(np.zeros(len(x), int), np.c_[x, x[:, 0]], np.ones(len(x)), tasks=1)
    assert np.isfinite(HIER(data, found.prior).cov).all()


def test_too_few_users_are_refused():
    _, people = users()
    with pytest.raises(BadInput, match="tasks got 100, but the largest of 3 components has 90 users"):
        op.largest_cluster(people, noise=0.5, tasks=100, components=3)
    with pytest.raises(BadInput, match="components got 7, but there are only 5 users"):
        op.largest_cluster(people[:5], noise=0.5, tasks=1)
    with pytest.raises(BadInput, match="users holds nan"):
        op.largest_cluster(people * np.nan, noise=0.5, tasks=1)
