"""The optimistic copy: more value than the fit, inside the confidence set, and the multiplier of the heads-only problem."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtrl import nn
from mtrl.bandits import optimistic_net
from mtrl.bandits.neural.optimistic_net import ascend, multiplier
from tests.bandits.neural.worlds import IMAGES, NETWORK, OWN, world
from tests.bandits.worlds import rollout
from tests.helpers import assert_close


@pytest.fixture(scope="module")
def played():
    key = jax.random.key(3)
    params = world(key, dtype=jnp.float64)
    state, _ = rollout(optimistic_net(alpha=0.2, **NETWORK), key, params, IMAGES, 12)
    return state, jax.jit(IMAGES.draw)(jax.random.key(8), params, 0).view


@jax.jit
def values_of(network, batch):
    return nn.own_values(network.heads, OWN.body.apply(network.body, batch.contexts))


def total(network, batch):
    return float(np.max(values_of(network, batch), axis=1).sum())


@jax.jit
def distance(network, state):
    body = OWN.body
    f = jnp.einsum("tmk,mk->tm", body.apply(network.body, state.contexts), network.heads)
    g = jnp.einsum("tmk,mk->tm", OWN.features(state, state.contexts), state.fit.params.heads)
    return jnp.sum((f - g) ** 2)


def test_ascent_is_optimistic_and_stays_close(played):
    state, batch = played
    run = jax.jit(lambda key, state, batch, beta: ascend(key, OWN, state, batch, beta=beta, rate=1e-3, ascent=100))
    copies = {beta: run(jax.random.key(0), state, batch, beta=jnp.asarray(beta)) for beta in (0.02, 0.5)}
    fit = total(state.fit.params, batch)
    assert fit < total(copies[0.02], batch) < total(copies[0.5], batch)
    # The penalty is stochastic: the small set is left by at most a factor of three.
    assert distance(copies[0.02], state) < 0.06 and distance(copies[0.02], state) < distance(copies[0.5], state)


def test_heads_only_multiplier(played):
    """At mu* the Lagrangian sup over heads of <x, dtheta> - mu (||dtheta||_V^2 - beta) equals sqrt(beta q)."""
    state, batch = played
    beta = 0.3
    mu = float(jax.jit(multiplier, static_argnums=0)(OWN, state, batch, beta))
    values = np.asarray(values_of(state.fit.params, batch))
    features = jax.jit(OWN.features)(state, batch.contexts)
    best = np.asarray(features)[np.arange(2), values.argmax(1)]
    q = np.einsum("mk,mkl,ml->", best, state.ridge.inverse, best)
    assert_close("value at mu*", q / (4 * mu) + mu * beta, np.sqrt(beta * q), rtol=1e-10)
    nearby = [q / (4 * m) + m * beta for m in (0.9 * mu, 1.1 * mu)]
    assert min(nearby) > np.sqrt(beta * q)
