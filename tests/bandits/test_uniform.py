"""Uniform play."""

import jax

from mtrl.bandits.uniform import UNIFORM
from tests.bandits.worlds import linear, linear_data, rollout
from tests.helpers import assert_mean


def test_every_arm_equally_often(key):
    _, infos = rollout(UNIFORM, key, linear(key), linear_data, 3000)
    assert_mean("uniform arms", jax.nn.one_hot(infos.actions.ravel(), 4), 0.25)
