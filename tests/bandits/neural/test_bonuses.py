"""The three bonuses: names, and three different kinds of optimism."""

import jax
import numpy as np
import pytest

from mtrl.bandits import BONUSES, neural_gfucb
from mtrl.numerics.errors import BadInput
from tests.bandits.neural.worlds import IMAGES, NETWORK, world
from tests.bandits.worlds import rollout


def test_all_run_and_differ():
    key = jax.random.key(3)
    params = world(key)
    actions = [
        np.asarray(rollout(neural_gfucb(bonus=name, alpha=0.5, **NETWORK), key, params, IMAGES, 12)[1].actions)
        for name in BONUSES
    ]
    assert all(a.shape == (12, 2) for a in actions)
    assert not any(np.array_equal(actions[i], actions[j]) for i in range(3) for j in range(i))


def test_unknown_name_lists_the_three():
    with pytest.raises(BadInput, match="bonus got 'ucb', but takes one of last_layer, gradient, optimistic_net"):
        neural_gfucb(bonus="ucb", **NETWORK)
