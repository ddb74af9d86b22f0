"""EM never lowers the likelihood, finds the hierarchy of many tasks, and says when it has not."""

import functools

import jax
import jax.numpy as jnp
import numpy as np

from mtrl.bandits import off_policy as op
from tests.bandits.off_policy.worlds import data_of, draw, prior_of, rows

START = op.hierarchy(jnp.zeros(2), 0.0, 1.0, noise=1.0)
LEARN = jax.jit(op.empirical_bayes, static_argnames="iterations")


def test_no_step_lowers_the_likelihood():
    data, start = data_of(*rows()), prior_of("full")
    reached = [float(LEARN(data, start, iterations=n).log_likelihood) for n in (1, 4, 16)]
    assert np.all(np.diff(reached) > 0), reached


def test_finds_the_hierarchy():
    """600 tasks of 15 interactions: Sigma_0 within 0.1 of 0.25, sigma within 0.03 (about five standard errors), mu near mu_*."""
    truth = op.hierarchy(jnp.zeros(2), 1.0, 0.25, noise=0.3)
    drawn, data, _ = jax.jit(functools.partial(draw, prior=truth, tasks=600, count=9000))(jax.random.key(1))
    found = LEARN(data, START)
    assert found.converged
    assert abs(found.prior.noise - 0.3) < 0.03
    np.testing.assert_allclose(found.prior.cov_0, 0.25 * np.eye(2), atol=0.1)
    np.testing.assert_allclose(found.prior.mu_q, drawn.mu_star, atol=0.15)
    assert not np.any(found.prior.cov_q)


def test_nan_is_not_converged():
    data = data_of(*rows())
    assert not LEARN(data._replace(cross=data.cross * jnp.nan), prior_of("full")).converged
