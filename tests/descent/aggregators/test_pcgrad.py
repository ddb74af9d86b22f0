"""PCGrad and GradVac: table, two tasks in closed form, mean over orders, targets."""

import itertools

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


def raised(J, order, targets, beta):
    """Equation 3 of Wang et al. 2021 in a loop over vectors: (direction, targets after)."""
    total, rho = np.zeros(J.shape[1]), targets.copy()
    for i in range(len(J)):
        g = J[i].copy()
        for j in order:
            if j != i:
                cosine, old = g @ J[j] / np.linalg.norm(g) / np.linalg.norm(J[j]), rho[i, j]
                if cosine < old:
                    over = old * np.sqrt(1 - cosine**2) - cosine * np.sqrt(1 - old**2)
                    g = g + np.linalg.norm(g) * over / (np.linalg.norm(J[j]) * np.sqrt(1 - old**2)) * J[j]
                rho[i, j] = (1 - beta) * old + beta * cosine
        total += g
    return total, rho


def test_gradvac_begins_as_pcgrad_and_is_its_equation():
    """The first step, with targets 0, is PCGrad's; from any targets it is the loop, and the raised cosine is the target."""
    assert_close("J2", direction(gradvac, J2), direction(pcgrad, J2), rtol=1e-12)
    rng, order = np.random.default_rng(5), (2, 0, 3, 1)
    J, rho = rng.normal(size=(4, 3)), rng.uniform(-0.9, 0.9, (4, 4))
    orders = jnp.tile(jnp.asarray(order), (4, 1))
    weights, after = gradvac_weights(jnp.asarray(J @ J.T), orders, jnp.asarray(rho), beta=0.3)
    expected, targets = raised(J, order, rho, 0.3)
    assert_close("loop", np.asarray(weights) @ J, expected, rtol=1e-10)
    assert_close("targets", after, targets, rtol=1e-12)
    alone = raised(J[:2], (0, 1), np.array([[0, 0.6], [-1.0, 0]]), 0.3)[0] - J[1]
    assert_close("raised cosine", alone @ J[1] / np.linalg.norm(alone) / np.linalg.norm(J[1]), 0.6, rtol=1e-12)
