import jax
import jax.numpy as jnp
import numpy as np

from mtrl.mdp.linear.neural.network import Body, loss, network_init, network_values


def test_values_are_linear_in_the_last_layer():
    body = Body(4, 2, jnp.dtype("float32"))
    params = network_init(jax.random.key(0), body, tasks=3, dim=2)
    x = jnp.ones((5, 2), jnp.float32)
    values = network_values(body, params, x)
    assert values.shape == (3, 5) and values.dtype == jnp.float32
    doubled = network_values(body, {**params, "heads": 2 * params["heads"]}, x)
    assert np.allclose(doubled, 2 * values, rtol=1e-6)


def test_loss_is_the_mean_squared_error_and_decays_heads_less():
    body = Body(4, 2, jnp.dtype(float))
    params = network_init(jax.random.key(0), body, tasks=2, dim=3)
    x = jax.random.normal(jax.random.key(1), (5, 3))
    visits, means = jnp.ones((2, 5)).at[0, 1].set(3.0), jnp.zeros((2, 5))
    values = network_values(body, params, x)
    plain = loss(body, params, x, visits, means, 0.0)
    assert np.isclose(plain, (visits * values**2).sum() / visits.sum(), rtol=1e-12)
    body_squares = sum((leaf**2).sum() for leaf in jax.tree.leaves(params["body"]))
    decayed = loss(body, params, x, visits, means, 0.2)
    assert np.isclose(decayed - plain, 0.1 * (body_squares + (params["heads"] ** 2).sum() / 2), rtol=1e-10)
