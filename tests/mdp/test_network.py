import jax
import jax.numpy as jnp
import numpy as np

from mtrl.mdp.network import Body, network_init, network_values


def test_values_are_linear_in_the_last_layer():
    body = Body(4, 2, jnp.dtype("float32"))
    params = network_init(jax.random.key(0), body, tasks=3, dim=2)
    x = jnp.ones((5, 2), jnp.float32)
    values = network_values(body, params, x)
    assert values.shape == (3, 5) and values.dtype == jnp.float32
    doubled = network_values(body, {**params, "heads": 2 * params["heads"]}, x)
    assert np.allclose(doubled, 2 * values, rtol=1e-6)
