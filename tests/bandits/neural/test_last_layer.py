"""The last layer's joint ellipsoid: M = 1 is the per-task rule, zero width is greedy."""

import jax
import jax.numpy as jnp
import numpy as np

from mtrl.bandits.neural.last_layer import budget, last_layer, last_layer_per_task, ridge_view
from mtrl.bandits.neural.state import init
from tests.bandits.neural.worlds import CONFIG, data, world
from tests.bandits.worlds import rollout
from tests.helpers import assert_close


def test_one_task_needs_no_coupling():
    key = jax.random.key(3)
    params = world(key, tasks=1)
    _, joint = rollout(last_layer(CONFIG), key, params, data, 12, config=CONFIG, alpha=0.5)
    _, alone = rollout(last_layer_per_task(CONFIG), key, params, data, 12, config=CONFIG, alpha=0.5)
    assert np.array_equal(joint.actions, alone.actions)


def test_budget_grows_with_the_tasks_and_view_is_ridge(key):
    assert_close("budget", budget(0.2, 10, jnp.float64), 0.4, rtol=1e-12)
    params = world(key)
    state = init(key, params, CONFIG)
    values, squares = ridge_view(state, data(key, params, 0), CONFIG)
    features = CONFIG.body().apply(state.network.body, data(key, params, 0).contexts)
    assert_close("no data: width is ||phi||^2 / lam", squares, jnp.sum(features**2, -1) / CONFIG.ridge, rtol=1e-4)
    assert np.allclose(values, 0.0)
