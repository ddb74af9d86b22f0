"""Uniform play."""

import jax

from mtrl.bandits import uniform
from tests.bandits.worlds import ARMS, linear, rollout
from tests.helpers import assert_mean


def test_every_arm_equally_often(key):
    _, played = rollout(uniform(), key, linear(key), ARMS, 3000)
    assert_mean("uniform arms", jax.nn.one_hot(played.actions.ravel(), 4), 0.25)
