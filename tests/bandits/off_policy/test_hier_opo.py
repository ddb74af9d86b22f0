"""HierOPO against joint-Gaussian conditioning, by hand, and at its limits."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from mtrl.bandits import off_policy as op
from tests.bandits.off_policy.worlds import (
    DIM,
    FLAT,
    HIER,
    ORACLE,
    POOLED,
    STATISTICS,
    TASK_IDS,
    TASKS,
    blocks,
    data_of,
    draw,
    joint,
    prior_of,
    rows,
)
from tests.helpers import assert_close, assert_mean, host

EMPTY = 2


@pytest.mark.parametrize("kind", ["full", "singular", "zero"])
def test_posterior_is_that_of_the_joint_gaussian(kind):
    """Also with an empty task, tasks that see too few directions, and any Sigma_q."""
    prior, (x, y) = prior_of(kind), rows()
    found = HIER(data_of(x, y), prior)
    mean, cov, _ = joint(prior, x, y)
    means, covs = blocks(mean, cov)
    assert_close("hier mean", found.mean, means, 1e-10)
    assert_close("hier covariance", found.cov, covs, 1e-10)
    assert_close("hyper mean", found.hyper_mean, mean[:DIM], 1e-10)
    assert_close("hyper covariance", found.hyper_cov, cov[:DIM, :DIM], 1e-10, atol=1e-12)


def test_printed_form_where_it_exists():
    """`Sigma_bar^-1 = Sigma_q^-1 + sum (Sigma_0 + G_s^-1)^-1` for full-rank G_s."""
    task = np.repeat(np.arange(3), 6)
    prior, (x, y) = prior_of("full"), rows(1, task)
    data = data_of(x, y, task, 3)
    narrow, wide, mu = (np.asarray(a) for a in (prior.cov_0, prior.cov_q, prior.mu_q))
    gram, cross = np.asarray(data.gram) / prior.noise**2, np.asarray(data.cross) / prior.noise**2
    weights = [np.linalg.inv(narrow + np.linalg.inv(g)) for g in gram]
    cov = np.linalg.inv(np.linalg.inv(wide) + sum(weights))
    seen = sum(w @ np.linalg.solve(g, b) for w, g, b in zip(weights, gram, cross, strict=True))
    found = HIER(data, prior)
    assert_close("printed Sigma_bar", found.hyper_cov, cov, 1e-10)
    assert_close("printed mu_bar", found.hyper_mean, cov @ (np.linalg.solve(wide, mu) + seen), 1e-10)


def test_case_by_hand():
    """d = 1, m = 2, all variances 1, one observation phi = 1 per task, y = (1, 3)."""
    data = STATISTICS(np.arange(2), np.ones((2, 1)), np.array([1.0, 3.0]), tasks=2)
    found = host(HIER(data, op.hierarchy([0.0], 1.0, 1.0, noise=1.0)))
    assert_close("mu_bar", found.hyper_mean, [1.0], 1e-12)
    assert_close("Sigma_bar", found.hyper_cov, [[0.5]], 1e-12)
    assert_close("task means", found.mean[:, 0], [1.0, 2.0], 1e-12)
    assert_close("task variances", found.cov[:, 0, 0], [0.625, 0.625], 1e-12)


def test_one_task_is_flat_and_no_spread_is_oracle():
    task = np.zeros(4, int)
    prior, (x, y) = prior_of("full"), rows(2, task)
    one = data_of(x, y, task, 1)
    for ours, flat in zip(HIER(one, prior)[:2], FLAT(one, prior)[:2], strict=True):
        assert_close("m = 1", ours, flat, 1e-10)
    known, data = prior_of("zero"), data_of(*rows())
    for ours, oracle in zip(HIER(data, known)[:2], ORACLE(data, known, known.mu_q)[:2], strict=True):
        assert_close("Sigma_q = 0", ours, oracle, 1e-10)


def test_tasks_without_spread_are_pooled():
    prior, data = prior_of("full"), data_of(*rows())
    narrow = prior._replace(cov_0=1e-11 * np.eye(DIM))
    for ours, pooled in zip(HIER(data, narrow), POOLED(data, prior), strict=True):
        assert_close("Sigma_0 -> 0", ours, pooled, 1e-7)


def test_empty_task_has_the_law_of_a_new_one():
    prior, data = prior_of("full"), data_of(*rows())
    found = host(HIER(data, prior))
    assert_close("mean", found.mean[EMPTY], found.hyper_mean, 1e-12)
    assert_close("covariance", found.cov[EMPTY], np.asarray(prior.cov_0) + found.hyper_cov, 1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_oracle_knows_more_than_hier_than_flat(seed):
    """Loewner order of the covariances, whatever the data; more data never widen, and the order of rows says nothing."""
    prior, (x, y) = prior_of("full", seed), rows(seed)
    data = data_of(x, y)
    oracle, hier, flat = host((ORACLE(data, prior, prior.mu_q), HIER(data, prior), FLAT(data, prior)))
    least = [float(np.linalg.eigvalsh(b.cov - a.cov).min()) for a, b in ((oracle, hier), (hier, flat))]
    assert min(least) >= -1e-12, least
    fewer = host(HIER(data_of(x[:-1], y[:-1], TASK_IDS[:-1]), prior))
    assert float(np.linalg.eigvalsh(fewer.cov - hier.cov).min()) >= -1e-12
    order = np.random.default_rng(seed).permutation(len(y))
    assert_close(
        "rows in another order", HIER(data_of(x[order], y[order], TASK_IDS[order]), prior).mean, hier.mean, 1e-12
    )


def test_little_data_keep_their_digits():
    """One tiny feature: `W = g / (1 + g Sigma_0)`, all digits of it, where a difference of inverses would keep none."""
    small = 1e-9
    prior = op.hierarchy([0.0], 1e16, 1.0, noise=1.0)
    found = HIER(STATISTICS(np.zeros(1, int), np.array([[small]]), np.zeros(1), tasks=1), prior)
    g = small**2
    assert_close("Sigma_bar", found.hyper_cov, [[1 / (1e-16 + g / (1 + g))]], 1e-12)


def test_ellipsoids_cover_as_often_as_they_say():
    """90 % ellipsoids of every task over 200 draws of the model."""
    prior = op.hierarchy(jnp.zeros(DIM), 1.0, 0.25, noise=0.5)

    def covered(key):
        drawn, data, _ = draw(key, prior, tasks=TASKS, count=30)
        found = HIER(data, prior)
        error = drawn.theta - found.mean
        return jnp.mean(
            jnp.einsum("td,td->t", error, jnp.linalg.solve(found.cov, error[..., None])[..., 0])
            <= stats.chi2.ppf(0.9, DIM)
        )

    assert_mean("coverage", jax.jit(jax.vmap(covered))(jax.random.split(jax.random.key(3), 200)), 0.9, sigmas=4.0)
