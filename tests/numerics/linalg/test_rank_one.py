"""Rank-one updates against direct inversion."""

import jax
import jax.numpy as jnp
import numpy as np

from mtrl.numerics.linalg.rank_one import inverse_update, log_det_update, quadratic_form
from tests.helpers import assert_close


def test_hundred_updates_equal_direct_inverse(key):
    x = jax.random.normal(key, (100, 3, 5))
    ridge = 0.3

    def step(carry, x):
        inverse, log_det = carry
        return (inverse_update(inverse, x), log_det_update(log_det, inverse, x)), None

    start = jnp.broadcast_to(jnp.eye(5) / ridge, (3, 5, 5)), jnp.full(3, 5 * jnp.log(ridge))
    (inverse, log_det), _ = jax.lax.scan(step, start, x)
    gram = ridge * np.eye(5) + np.einsum("tmi,tmj->mij", x, x)
    assert_close("sherman-morrison, 100 updates", inverse, np.linalg.inv(gram), rtol=1e-10)
    assert_close("determinant lemma, 100 updates", log_det, np.linalg.slogdet(gram)[1], rtol=1e-10)
    assert_close(
        "quadratic form", quadratic_form(inverse, x[0]), np.einsum("mi,mij,mj->m", x[0], np.linalg.inv(gram), x[0])
    )


def test_negative_weight_takes_an_observation_back(key):
    x = jax.random.normal(key, (4,))
    inverse = jnp.linalg.inv(2.0 * jnp.eye(4))
    assert_close("update and downdate", inverse_update(inverse_update(inverse, x, 0.7), x, -0.7), inverse, rtol=1e-12)


def test_huge_observation_stays_finite_in_float32():
    x = jnp.full(3, 1e10, jnp.float32)
    inverse = inverse_update(jnp.eye(3, dtype=jnp.float32), x)
    assert inverse.dtype == jnp.float32 and bool(jnp.all(jnp.isfinite(inverse)))
