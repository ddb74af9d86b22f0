"""Widths, the pessimistic policy and the marginal likelihood."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from mtrl.bandits import off_policy as op
from mtrl.numerics.errors import BadInput
from tests.bandits.off_policy.worlds import DIM, TASKS, data_of, joint, prior_of, rows
from tests.helpers import assert_close

CONTEXTS = jnp.asarray(np.random.default_rng(5).normal(size=(TASKS, 6, 4, DIM)))


def test_lower_bounds_by_loops():
    found = op.hier_opo(data_of(*rows()), prior_of("full"))
    ours = op.lower_bounds(found, CONTEXTS, alpha=0.3)
    for (t, c, k), bound in np.ndenumerate(np.asarray(ours)):
        phi = np.asarray(CONTEXTS[t, c, k])
        np.testing.assert_allclose(bound, phi @ found.mean[t] - 0.3 * np.sqrt(phi @ found.cov[t] @ phi), rtol=1e-10)
    np.testing.assert_array_equal(op.pessimistic(found, CONTEXTS, alpha=0.3), np.argmax(ours, -1))


def test_ties_go_to_the_lowest_number():
    found = op.hier_opo(data_of(*rows()), prior_of("full"))
    alike = jnp.broadcast_to(CONTEXTS[:, :, :1], CONTEXTS.shape)
    assert not np.any(op.pessimistic(found, alike, alpha=0.1))


def test_width_of_nothing_has_a_gradient():
    found = op.hier_opo(data_of(*rows()), prior_of("full"))
    slope = jax.grad(lambda x: jnp.sum(op.widths(found, x)))(jnp.zeros_like(CONTEXTS))
    assert np.isfinite(slope).all()


def test_a_square_below_zero_by_rounding_is_no_width():
    found = op.hier_opo(data_of(*rows()), prior_of("full"))
    rounded = found._replace(cov=jnp.broadcast_to(-1e-18 * jnp.eye(DIM), found.cov.shape))
    np.testing.assert_array_equal(op.widths(rounded, CONTEXTS), np.zeros(CONTEXTS.shape[:3]))


@pytest.mark.parametrize("kind", ["full", "singular", "zero"])
def test_marginal_likelihood_is_scipys(kind):
    prior, (x, y) = prior_of(kind), rows()
    _, _, (mean, cov) = joint(prior, x, y)
    ours = op.log_marginal_likelihood(data_of(x, y), prior)
    assert_close("log marginal likelihood", ours, stats.multivariate_normal(mean, cov).logpdf(y), 1e-10)


def test_bad_input():
    found = op.hier_opo(data_of(*rows()), prior_of("full"))
    with pytest.raises(BadInput, match="alpha got -1, but must be a finite number of at least 0; 0 is the greedy"):
        op.pessimistic(found, CONTEXTS, alpha=-1.0)
    with pytest.raises(BadInput, match=r"contexts has shape \(5, 6, 4, 2\).*d features"):
        op.pessimistic(found, CONTEXTS[..., :2], alpha=0.1)
