"""The oracle: OFUL on the true features."""

from mtrl.bandits import oful
from mtrl.bandits.known_representation import KNOWN_REPRESENTATION
from tests.bandits.worlds import linear, linear_data, rollout
from tests.helpers import assert_below


def test_features_replace_inputs_and_help(key):
    params = linear(key, tasks=30, dim=6, rank=1, noise=0.3)
    state, known = rollout(KNOWN_REPRESENTATION, key, params, linear_data, 60, scale=0.3, noise=0.3)
    assert state.inverse.shape == (30, 1, 1)
    _, blind = rollout(oful.OFUL, key, params, linear_data, 60, scale=0.3, noise=0.3)
    assert_below("known features", known.regret.sum(0), blind.regret.sum(0))
