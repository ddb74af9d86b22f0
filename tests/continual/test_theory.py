"""Convergence time by its definition; limits."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtrl.continual import saddle_point, theory
from mtrl.continual.single_task import site
from mtrl.numerics.errors import BadInput


def test_convergence_time_is_the_definition():
    random = np.random.default_rng(0)
    errors = 0.3 * np.exp(-np.arange(400) / 40) + 1e-4 * random.normal(size=400) + 0.2
    written = next(t for t in range(50, 401) if np.std(errors[t - 50 : t]) < 5e-4)
    time = jax.jit(lambda errors: theory.convergence_time(errors, window=50))
    assert int(time(jnp.asarray(errors))) == written
    assert int(time(jnp.asarray(errors + 1e3))) == written  # a deviation does not ask where the mean lies
    assert int(time(jnp.asarray(errors + np.arange(400) % 2))) == 401  # never
    with pytest.raises(BadInput, match="window got 500, but must be a whole number from 2 to 400"):
        theory.convergence_time(jnp.asarray(errors), window=500)


def test_centre_and_sample_of_the_measure():
    """Signs of the means, and mean signs, of 100,000 sites within 5 standard errors of both overlaps: a false alarm in 10^6."""

    @jax.jit
    def drawn(key):
        found = saddle_point(0.3, beta=20.0, nodes=31)
        h = found.r_hat + jnp.sqrt(found.q_hat) * jax.random.normal(key, (100_000,))
        at = site(h, found.q_star_hat - found.q_hat / 2, 0.0, nodes=41)
        return jnp.sign(at.mean), at.sign, theory.centre_overlap(found.r_hat, found.q_hat), found.p

    signs, sampled, centre, p = map(np.asarray, drawn(jax.random.key(3)))
    assert abs(signs.mean() - centre) < 5 * signs.std() / np.sqrt(signs.size)
    assert abs(sampled.mean() - p) < 5 * sampled.std() / np.sqrt(sampled.size)
    assert centre > p + 0.04


def test_limits():
    assert np.allclose(theory.frozen(jnp.asarray(1.0), 0.5), (0.0, 1 / 3))
    assert np.allclose(theory.forgotten(jnp.asarray(1.0), 0.5), (1 / 3, 0.0))
    with pytest.raises(BadInput, match="r0 got 2"):
        theory.frozen(jnp.asarray(1.0), 2.0)
