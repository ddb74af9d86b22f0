"""PCGrad and GradVac: table, two tasks in closed form, mean over orders, targets."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np

from mtrl.descent import gradvac, pcgrad
from mtrl.descent.aggregators import gradvac_weights, pcgrad_weights
from tests.descent.fixtures import J1, J2, J3, direction
from tests.helpers import assert_close


def literal(J, order):
    """Algorithm 1 of Yu et al. 2020 in a loop."""
    total = np.zeros(J.shape[1])
    for i in range(len(J)):
        g = J[i].copy()
        for j in order:
            if j != i and g @ J[j] < 0:
                g = g - (g @ J[j]) / (J[j] @ J[j]) * J[j]
        total += g
    return total


def test_table_and_loop():
    assert_close("J1", direction(pcgrad, J1), [0.584795, 3.80117, 3.80117], atol=1e-6)
    assert_close("J3", direction(pcgrad, J3), [2.0, 2], rtol=1e-12)
    rng = np.random.default_rng(3)
    for order in itertools.permutations(range(4)):
        J = rng.normal(size=(4, 3))
        weights = pcgrad_weights(jnp.asarray(J @ J.T), jnp.tile(jnp.asarray(order), (4, 1)))
        assert_close("loop", weights @ J, literal(J, order), atol=1e-10)


def test_gradvac_begins_as_pcgrad_and_then_raises_cosines_to_their_targets():
    """After a step without conflict the target is beta cos, and a lower cosine is raised to it (Wang et al. 2021, equation 3)."""
    assert_close("J2", direction(gradvac, J2), direction(pcgrad, J2), rtol=1e-12)
    near, far = np.array([[1.0, 0], [0.8, 0.6]]), np.array([[1.0, 0], [0.0, 1.0]])
    orders = jnp.tile(jnp.arange(2), (2, 1))
    _, target = gradvac_weights(jnp.asarray(near @ near.T), orders, jnp.zeros((2, 2)), beta=0.5)
    assert_close("target", target[0, 1], 0.4, rtol=1e-12)
    rows = jax.vmap(lambda i: jax.nn.one_hot(i, 2, dtype=float))(jnp.arange(2))
    del rows
    first = jnp.array([0.4, 0.4])
    moved, _ = gradvac_weights(jnp.asarray(far @ far.T), orders, jnp.array([[0.0, 0.4], [-1.0, 0.0]]), beta=0.5)
    g = np.asarray(moved) @ far - far[1]  # the second gradient's target is met, so the rest is the first, raised
    assert_close("cosine", g @ far[1] / np.linalg.norm(g), float(first[0]), rtol=1e-12)
