"""Widths, the pessimistic policy and the marginal likelihood."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from mtrl.bandits import off_policy as op
from mtrl.numerics.errors import BadInput
from tests.bandits.off_policy.worlds import DIM, HIER, TASKS, data_of, joint, prior_of, rows
from tests.helpers import assert_close, host

CONTEXTS = jnp.asarray(np.random.default_rng(5).normal(size=(TASKS, 6, 4, DIM)))


def test_lower_bounds_by_loops():
    found = HIER(data_of(*rows()), prior_of("full"))
    ours = np.asarray(op.lower_bounds(found, CONTEXTS, alpha=0.3))
    chosen = op.pessimistic(found, CONTEXTS, alpha=0.3)
    found, contexts = host(found), np.asarray(CONTEXTS)
    for (t, c, k), bound in np.ndenumerate(ours):
        phi = contexts[t, c, k]
        np.testing.assert_allclose(bound, phi @ found.mean[t] - 0.3 * np.sqrt(phi @ found.cov[t] @ phi), rtol=1e-10)
    np.testing.assert_array_equal(chosen, np.argmax(ours, -1))


def test_ties_go_to_the_lowest_number():
    found = HIER(data_of(*rows()), prior_of("full"))
    alike = jnp.asarray(np.broadcast_to(np.asarray(CONTEXTS)[:, :, :1], CONTEXTS.shape))
    assert not np.any(op.pessimistic(found, alike, alpha=0.1))


def test_width_of_nothing_has_a_gradient():
    found = HIER(data_of(*rows()), prior_of("full"))
    slope = jax.jit(jax.grad(lambda x: jnp.sum(op.widths(found, x))))(np.zeros(CONTEXTS.shape))
    assert np.isfinite(slope).all()


def test_a_square_below_zero_by_rounding_is_no_width():
    found = HIER(data_of(*rows()), prior_of("full"))
    rounded = found._replace(cov=jnp.asarray(np.broadcast_to(-1e-18 * np.eye(DIM), found.cov.shape)))
    np.testing.assert_array_equal(op.widths(rounded, CONTEXTS), np.zeros(CONTEXTS.shape[:3]))


@pytest.mark.parametrize("kind", ["full", "singular", "zero"])
def test_marginal_likelihood_is_scipys(kind):
    prior, (x, y) = prior_of(kind), rows()
    _, _, (mean, cov) = joint(prior, x, y)
    ours = jax.jit(op.log_marginal_likelihood)(data_of(x, y), prior)
    assert_close("log marginal likelihood", ours, stats.multivariate_normal(mean, cov).logpdf(y), 1e-10)


def test_bad_input():
    found = HIER(data_of(*rows()), prior_of("full"))
    with pytest.raises(BadInput, match="alpha got -1, but must be a finite number of at least 0; 0 is the greedy"):
        op.pessimistic(found, CONTEXTS, alpha=-1.0)
    with pytest.raises(BadInput, match=r"contexts has shape \(5, 6, 4, 2\).*d features"):
        op.pessimistic(found, jnp.asarray(np.asarray(CONTEXTS)[..., :2]), alpha=0.1)
