"""Gradient bonus: joint arms against enumeration, one metric for the one body."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np

from mtrl import nn
from mtrl.bandits import gradient
from mtrl.bandits.neural.gradient import joint_arms
from tests.bandits.neural.worlds import IMAGES, NETWORK, OWN, world
from tests.helpers import assert_close


def total(arms, values, scaled, squares):
    g = sum(scaled[i, a] for i, a in enumerate(arms))
    q = sum(squares[i, a] for i, a in enumerate(arms))
    return sum(values[i, a] for i, a in enumerate(arms)) + np.sqrt(0.8 * (g @ g + q))


def test_joint_arms_equal_enumeration():
    """40 random cases of three tasks and three arms; a coordinate search may stop at a local best in one of ten."""
    generator = np.random.default_rng(0)
    search, exact = jax.jit(joint_arms, static_argnums=4), 0
    for _ in range(40):
        values, scaled = generator.normal(size=(3, 3)), 0.4 * generator.normal(size=(3, 3, 5))
        squares = 0.1 * generator.exponential(size=(3, 3))
        best = max(total(arms, values, scaled, squares) for arms in itertools.product(range(3), repeat=3))
        found = total(np.asarray(search(values, scaled, squares, 0.8, 2)), values, scaled, squares)
        exact += found >= best - 1e-12
        assert found >= best - 0.2
    assert exact >= 36


def test_search_starts_from_the_uncoupled_arms():
    """`values + alpha sqrt(||g||^2_{D^-1} + ||phi||^2_{V^-1})` per task, with alpha^2 = beta / M."""
    generator = np.random.default_rng(1)
    values, scaled = generator.normal(size=(40, 3)), generator.normal(size=(40, 3, 5))
    squares = generator.exponential(size=(40, 3))
    alone = (values + 0.3 * np.sqrt((scaled**2).sum(-1) + squares)).argmax(1)
    ours = jax.jit(joint_arms, static_argnums=4)(values, scaled, squares, 0.09 * 40, 0)
    assert np.array_equal(ours, alone)


def test_metric_sums_the_gradients_of_all_tasks(key):
    """D = lam + sum over tasks of squared body gradients: ONE body, so M tasks are M observations of it."""
    params = world(key, dtype=jnp.float64)

    @jax.jit
    def one_round(key, params):
        algorithm, view = gradient(**NETWORK), IMAGES.draw(key, params, 0).view
        state = algorithm.init(key, IMAGES.view(params))
        gradients = nn.body_gradients(OWN.body, state.common.fit.params, view.contexts)
        arms = algorithm.select(key, state, view)
        return gradients, arms, algorithm.update(key, state, view, arms, jnp.zeros(2))[0]

    gradients, arms, after = one_round(key, params)
    played = np.asarray(gradients)[np.arange(2), np.asarray(arms)]
    assert_close("metric after a round", after.metric, 0.1 + (played**2).sum(0), rtol=1e-12)


def test_one_body_adds_gradients_before_the_norm():
    """Two tasks with opposite body gradients cannot both be optimistic: an arm that agrees is preferred."""
    scaled = np.array([[[1.0], [1.0]], [[-1.0], [1.0]]])
    arms = jax.jit(joint_arms)(np.array([[0.0, 0.0], [0.01, 0.0]]), scaled, np.zeros((2, 2)), 1.0)
    assert int(arms[1]) == 1
