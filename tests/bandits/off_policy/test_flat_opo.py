"""FlatOPO and OracleOPO against brute force and scikit-learn."""

import numpy as np
from sklearn.linear_model import Ridge

from mtrl.bandits import off_policy as op
from tests.bandits.off_policy.worlds import (
    DIM,
    FLAT,
    NOISE,
    ORACLE,
    POOLED,
    TASK_IDS,
    blocks,
    data_of,
    joint,
    prior_of,
    rows,
)
from tests.helpers import assert_close, host


def test_flat_is_every_task_alone_with_the_marginal_prior():
    prior, (x, y) = prior_of("full"), rows()
    found = host(FLAT(data_of(x, y), prior))
    for s in range(5):
        mine = TASK_IDS == s
        mean, cov, _ = joint(prior, x[mine], y[mine], np.zeros(mine.sum(), int), 1)
        means, covs = blocks(mean, cov, 1)
        assert_close(f"flat mean {s}", found.mean[s], means[0], 1e-10)
        assert_close(f"flat covariance {s}", found.cov[s], covs[0], 1e-10)


def test_flat_mean_is_scikit_learns_ridge():
    task = np.zeros(6, int)
    x, y = rows(3, task)
    prior = op.hierarchy(np.zeros(DIM), 0.8, 0.5, noise=NOISE)
    ridge = Ridge(alpha=NOISE**2 / 1.3, fit_intercept=False).fit(x, y)
    assert_close("ridge", np.asarray(FLAT(data_of(x, y, task, 1), prior).mean)[0], ridge.coef_, 1e-10)


def test_oracle_is_told_mu_star():
    """The same as a hierarchy that has no doubt of it, and not of what it was told before."""
    prior, (x, y) = prior_of("full"), rows()
    told = np.array([1.0, -2.0, 0.5])
    certain = prior._replace(mu_q=told, cov_q=np.zeros((DIM, DIM)))
    mean, cov, _ = joint(certain, x, y)
    means, covs = blocks(mean, cov)
    found = ORACLE(data_of(x, y), prior, told)
    assert_close("oracle mean", found.mean, means, 1e-10)
    assert_close("oracle covariance", found.cov, covs, 1e-10)


def test_pooled_is_one_task():
    prior, (x, y) = prior_of("singular"), rows()
    mean, cov, _ = joint(prior._replace(cov_0=np.zeros((DIM, DIM))), x, y, np.zeros(len(y), int), 1)
    found = host(POOLED(data_of(x, y), prior))
    assert_close("pooled mean", found.hyper_mean, mean[:DIM], 1e-10)
    assert_close("pooled covariance", found.cov[3], cov[:DIM, :DIM], 1e-10, atol=1e-12)
