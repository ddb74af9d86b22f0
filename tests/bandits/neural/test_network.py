"""The shared network."""

import jax
import jax.numpy as jnp
import numpy as np

from mtrl.bandits.neural.network import Body, network_init, pooled_loss, predict
from tests.helpers import assert_close


def test_prediction_and_pooled_loss_agree(key):
    body = Body((7,), 3)
    network = network_init(key, body, 2, 5, jnp.float64)
    x = jax.random.normal(key, (2, 4, 5))
    values = predict(body, network, x)
    features = body.apply(network.body, x)
    assert_close("heads on features", values, np.einsum("mak,mk->ma", features, network.heads), rtol=1e-12)
    tasks = jnp.repeat(jnp.arange(2), 4)
    loss = pooled_loss(body, network, x.reshape(8, 5), tasks, jnp.zeros(8))
    assert_close("pooled loss", loss, jnp.mean(values**2), rtol=1e-12)


def test_last_layer_is_linear_and_convolution_has_its_shape(key):
    linear = Body((), 2)
    network = network_init(key, linear, 1, 4, jnp.float32)
    x = jax.random.normal(key, (4,), jnp.float32)
    doubled = linear.apply(network.body, 2 * x) - linear.apply(network.body, x)
    assert_close("no hidden layer: affine", doubled, linear.apply(network.body, x), rtol=1e-5, atol=1e-6)
    picture = Body((8,), 3, side=4, channels=2)
    network = network_init(key, picture, 1, 16, jnp.float32)
    out = picture.apply(network.body, jnp.ones((2, 5, 16), jnp.float32))
    assert out.shape == (2, 5, 3) and out.dtype == jnp.float32
