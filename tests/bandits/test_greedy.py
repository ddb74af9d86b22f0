"""Greedy is LinUCB without width."""

import numpy as np

from mtrl.bandits import linucb
from mtrl.bandits.greedy import GREEDY
from tests.bandits.worlds import linear, linear_data, rollout


def test_is_linucb_with_zero_width(key):
    params = linear(key)
    _, greedy = rollout(GREEDY, key, params, linear_data, 20)
    _, zero = rollout(linucb.LINUCB, key, params, linear_data, 20, alpha=0.0)
    _, wide = rollout(linucb.LINUCB, key, params, linear_data, 20, alpha=2.0)
    assert np.array_equal(greedy.actions, zero.actions) and not np.array_equal(greedy.actions, wide.actions)
