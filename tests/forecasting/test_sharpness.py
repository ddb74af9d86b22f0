"""Sharpness-aware gradients against optax.contrib.sam."""

import jax
import jax.numpy as jnp
import optax
from optax import contrib

from mtrl.forecasting.sharpness import sharpness_aware_gradient
from tests.helpers import assert_close


def loss(p):
    return jnp.sum(jnp.cosh(p["a"])) + (p["a"].sum() * p["b"]) ** 2


def test_two_updates_are_those_of_optax(key):
    params = {"a": jax.random.normal(key, (3,)), "b": jnp.asarray(0.4)}
    rho, rate = 0.3, 0.05
    sam = contrib.sam(
        optax.sgd(rate),
        optax.chain(contrib.normalize(), optax.sgd(rho)),
        sync_period=2,
        opaque_mode=True,
        reset_state=False,
    )
    theirs, state = params, sam.init(params)
    ours = params
    for _ in range(2):
        change, state = sam.update(jax.grad(loss)(theirs), state, theirs, grad_fn=lambda p, _: jax.grad(loss)(p))
        theirs = optax.apply_updates(theirs, change)
        _, gradient = sharpness_aware_gradient(loss, ours, rho=rho)
        ours = jax.tree.map(lambda p, g: p - rate * g, ours, gradient)
    for name in params:
        assert_close(name, ours[name], theirs[name], rtol=1e-10)


def test_flat_point_and_zero_radius_give_the_plain_gradient():
    value, gradient = sharpness_aware_gradient(lambda p: (p**2).sum(), jnp.zeros(3), rho=0.7)
    assert_close("flat", gradient, jnp.zeros(3))
    assert_close("value", value, 0.0)
    p = jnp.array([1.0, -2.0])
    assert_close("rho = 0", sharpness_aware_gradient(lambda p: (p**3).sum(), p, rho=0.0)[1], 3 * p**2)
