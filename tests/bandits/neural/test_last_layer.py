"""The last layer's joint ellipsoid: M = 1 is the per-task rule, zero width is greedy."""

import jax
import jax.numpy as jnp
import numpy as np

from mtrl.bandits import last_layer
from mtrl.bandits.neural.last_layer import budget
from tests.bandits.neural.worlds import IMAGES, NETWORK, world
from tests.bandits.worlds import rollout
from tests.helpers import assert_close


def test_one_task_needs_no_coupling():
    key = jax.random.key(3)
    params = world(key, tasks=1)
    _, joint = rollout(last_layer(alpha=0.5, **NETWORK), key, params, IMAGES, 12)
    _, alone = rollout(last_layer(alpha=0.5, coupled=False, **NETWORK), key, params, IMAGES, 12)
    assert np.array_equal(joint.actions, alone.actions)


def test_budget_grows_with_the_tasks():
    assert_close("budget", budget(0.2, 10, jnp.float64), 0.4, rtol=1e-12)
