"""The deep network: what a zero start can learn, gains, heads."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtrl.dynamics import gradient_noise as gn
from mtrl.numerics.errors import BadInput
from tests.helpers import assert_close

KEY = jax.random.key(0)
network = gn.network


def test_zero_start_knows_shares_alone():
    """20 layers of 50 units from 0: every weight gradient is exactly 0, the loss ln 10, the output bias gradient 1/10 - share."""
    data = gn.clusters(KEY, rows=200, dtype=jnp.float64).train
    sizes = dict(dim=32, width=50, layers=20, classes=10, dtype=jnp.float64)
    weights = network.initial(KEY, gn.initial_spreads("zero", dim=32, width=50), **sizes)

    @jax.jit
    def slope(weights):
        return jax.value_and_grad(network.loss)(weights, *data)

    loss, gradient = slope(weights)
    share = gn.shares(data.label[0], 10)
    rest = gradient._replace(out_bias=jnp.zeros(1))
    assert max(float(jnp.abs(g).max()) for g in jax.tree.leaves(rest)) == 0
    assert_close("loss", loss, np.log(10), rtol=1e-12)
    assert_close("output bias gradient", gradient.out_bias[0], 0.1 - share, atol=1e-12)
    weights = jax.lax.fori_loop(0, 100, lambda _, w: jax.tree.map(lambda w, g: w - 0.1 * g, w, slope(w)[1]), weights)
    assert float(network.accuracy(weights, *data)[0]) <= float(share.max()) + 1e-12
    assert float(gn.theory.shares_entropy(share)) <= float(slope(weights)[0]) < np.log(10)


def test_gains_of_every_layer():
    """At the start n s^2 / 2 with biases or without, 60 layers of 40 units: 0.2 and 1; 8 % are four standard errors.

    In single precision, where a small change that is not renewed in size would underflow: .2^60 is 1e-42.
    """
    single = jnp.float32
    x, change = jax.random.normal(KEY, (1, 20, 8), single), jax.random.normal(jax.random.key(1), (1, 20, 40), single)
    change *= 1e-6
    for init, want in (("simple", 0.2), ("he", 1.0)):
        spreads = gn.initial_spreads(init, dim=8, width=40)
        weights = network.initial(KEY, spreads, dim=8, width=40, layers=61, classes=2)
        for bias in (0.0, 0.05):
            noisy = weights._replace(hidden_bias=bias * jax.random.normal(KEY, weights.hidden_bias.shape, single))
            assert_close(f"gain, {init}, biases {bias}", jnp.mean(network.gains(noisy, x, change)), want, rtol=0.08)
        assert_close("spread of weights", network.weight_stds(weights), spreads[1], rtol=0.08)


def test_tasks_share_the_trunk_alone():
    x = jax.random.normal(KEY, (3, 5, 8))
    weights = network.initial(KEY, (0.3,) * 3, dim=8, width=6, layers=2, classes=4, tasks=3, dtype=jnp.float64)
    other = weights._replace(out=weights.out.at[1].set(0.0))
    before, after = network.logits(weights, x), network.logits(other, x)
    np.testing.assert_array_equal(before[jnp.array([0, 2])], after[jnp.array([0, 2])])
    assert not after[1].any()
    h = x[2]
    for w in (weights.first, weights.hidden[0]):
        h = np.maximum(h @ w, 0)
    np.testing.assert_allclose(before[2], h @ weights.out[2], rtol=1e-12)
    right = np.array(before).argmax(-1)
    right[1, :2] = (right[1, :2] + 1) % 4
    np.testing.assert_allclose(network.accuracy(weights, x, jnp.asarray(right)), [1, 0.6, 1])


def test_dropout_keeps_the_mean():
    """One layer, linear in what is kept: the mean over draws is the whole; 5 standard errors (false-alarm rate 1e-5)."""
    x = jnp.ones((1, 4000, 1))
    ones = network.Weights(
        jnp.ones((1, 2)), jnp.zeros(2), jnp.zeros((0, 2, 2)), jnp.zeros((0, 2)), jnp.ones((1, 2, 2)), jnp.zeros((1, 2))
    )
    thin = network.logits(ones, x, key=KEY, drop=0.25)
    assert_close("dropout", thin.mean(), 2.0, atol=5 * np.sqrt(2 * 0.25 / 0.75 / 4000), rtol=0)
    np.testing.assert_allclose(np.unique(np.round(thin, 6)), [0.0, 4 / 3, 8 / 3], atol=1e-5)


def test_sizes_are_checked():
    for name, value in (("layers", 0), ("width", 0), ("classes", 1)):
        with pytest.raises(BadInput, match=f"{name} got {value}"):
            network.initial(KEY, (0.1,) * 3, **{**dict(dim=2, width=2, layers=2, classes=2), name: value})
