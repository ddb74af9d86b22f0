"""The three bonuses: names, the common greedy limit, and three different kinds of optimism."""

import jax
import numpy as np
import pytest

from mtrl.bandits.neural.bonuses import BONUSES, neural_gfucb
from mtrl.numerics.errors import BadInput
from tests.bandits.neural.worlds import CONFIG, data, world
from tests.bandits.worlds import rollout


@pytest.fixture(scope="module")
def runs():
    key = jax.random.key(3)
    params = world(key)
    return {
        name: rollout(neural_gfucb(name, CONFIG), key, params, data, 12, config=CONFIG, alpha=0.5)[1]
        for name in BONUSES
    }


def test_all_run_and_differ(runs):
    actions = [np.asarray(runs[name].actions) for name in BONUSES]
    assert all(a.shape == (12, 2) for a in actions)
    assert not any(np.array_equal(actions[i], actions[j]) for i in range(3) for j in range(i))


def test_unknown_name_lists_the_three():
    with pytest.raises(BadInput, match="bonus got 'ucb', but takes one of last_layer, gradient, optimistic_net"):
        neural_gfucb("ucb", CONFIG)
