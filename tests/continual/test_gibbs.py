"""Samples of the measure of one task: against integrals over two weights, and against the saddle point of many."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import log_ndtr

from mtrl import continual
from mtrl.numerics.errors import BadInput

X = np.array([[1.0, 1.0], [1.0, -1.0], [1.0, 1.0]])


def chain(key, task, *, moves, keep, **how):
    """Magnetisations and accepted moves after the warm-up."""
    rule = continual.gibbs(warm_up=moves - keep, **how)
    first, rest = jax.random.split(key)

    def one(state, key):
        state, info = rule.step(key, state, task)
        return state, (jnp.tanh(state.theta), info.accepted)

    return jax.lax.scan(one, rule.init(first, task), jax.random.split(rest, moves))[1]


def test_two_weights(key):
    """Means and squares of 16 chains within 5 of their standard errors of a sum over a fine grid: a false alarm in 3,000."""
    task = continual.examples(jnp.asarray(X), jnp.ones(3))
    keys = jax.random.split(key, 16)
    m, accepted = jax.jit(jax.vmap(lambda k: chain(k, task, moves=1500, keep=1200, beta=4.0, stride=0.5)))(keys)
    m, kept = np.asarray(m)[:, 300:], np.asarray(accepted)[:, 300:].mean()
    assert 0.7 < kept < 0.9
    grid = (np.arange(1200) + 0.5) / 600 - 1
    a, b = np.meshgrid(grid, grid, indexing="ij")
    root = np.sqrt(2 - a**2 - b**2)
    weight = np.exp(4.0 * sum(log_ndtr((x[0] * a + x[1] * b) / root) for x in X))
    seen = np.concatenate([m.mean(1), (m**2).mean(1), (m[..., :1] * m[..., 1:]).mean(1)], 1)
    written = np.array([(weight * f).sum() / weight.sum() for f in (a, b, a**2, b**2, a * b)])
    z = (seen.mean(0) - written) / (seen.std(0, ddof=1) / 4)
    assert np.abs(z).max() < 5, z


def test_many_weights(key):
    """alpha = .6, beta = 3: q*, q (of two halves of a chain) and r at N = 200 within .04 of the saddle point (spread of 6 tasks about .01)."""

    def one(key):
        keys = jax.random.split(key, 3)
        teacher = jax.random.rademacher(keys[0], (200,), float)
        task = continual.sample(keys[1], teacher, 120)
        m = chain(keys[2], task, moves=160, keep=100, beta=3.0)[0][60:]
        first, second = m[:50].mean(0), m[50:].mean(0)
        return jnp.mean(m**2), jnp.mean(first * second), jnp.mean(m * teacher)

    seen = np.mean(jax.jit(jax.vmap(one))(jax.random.split(key, 6)), axis=1)
    found = jax.jit(lambda: continual.saddle_point(0.6, beta=3.0, nodes=31, sites=80))()
    assert np.abs(seen - np.array([found.q_star, found.q, found.r])).max() < 0.04, seen


def test_bad_input():
    with pytest.raises(BadInput, match="beta got 0"):
        continual.gibbs(beta=0.0, warm_up=5)
    with pytest.raises(BadInput, match="target got 1"):
        continual.gibbs(beta=1.0, warm_up=5, target=1.0)
    with pytest.raises(BadInput, match="leaps got 0"):
        continual.gibbs(beta=1.0, warm_up=5, leaps=0)
