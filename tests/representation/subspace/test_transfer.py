import jax
import jax.numpy as jnp
import numpy as np

from mtrl.representation.subspace import problem
from mtrl.representation.subspace.transfer import minimum_norm, transfer
from tests.helpers import assert_close


def test_minimum_norm_is_the_pseudo_inverse(key):
    for samples in (4, 12):
        x, y = jax.random.normal(key, (samples, 7)), jax.random.normal(jax.random.key(1), (samples,))
        assert_close("pinv", minimum_norm(x, y), np.linalg.pinv(np.asarray(x)) @ np.asarray(y), 1e-9)


def test_full_rank_transfer_is_plain_least_squares(key):
    x, y = jax.random.normal(key, (9, 5)), jax.random.normal(jax.random.key(1), (9,))
    basis = problem.random_basis(jax.random.key(2), 5, 5)
    assert_close("r = d", transfer(x, y, basis), minimum_norm(x, y), 1e-9)


def test_transfer_stays_in_the_span(key):
    x, y = jax.random.normal(key, (6, 5)), jax.random.normal(jax.random.key(1), (6,))
    theta = transfer(x, y, jnp.eye(5)[:, :2])
    assert float(jnp.max(jnp.abs(theta[2:]))) == 0.0
    assert_close("least squares", theta[:2], np.linalg.lstsq(np.asarray(x[:, :2]), np.asarray(y))[0], 1e-9)
