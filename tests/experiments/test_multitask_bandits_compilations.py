"""The bandit studies compile once per method and shape: not per seed, scale of the radius, or noise level."""

import dataclasses

import numpy as np

from experiments.multitask_bandits import finite_class, linear_ball
from mtrl.harness import compilations


def test_one_program_per_method():
    config = dataclasses.replace(
        finite_class.FIGURE.configure("smoke", {}), rounds=4, scales=(0.01, 0.05, 0.2), candidates=2
    )
    before = compilations()
    finite_class.run(config, np.arange(2))
    first = compilations() - before
    assert first <= len(finite_class.METHODS), "greedy shares GFUCB's program; a grid of scales shares one program"
    finite_class.run(dataclasses.replace(config, noise=0.7, scales=(0.03, 0.4)), np.arange(2) + 5)
    assert compilations() - before == first, "other seeds, noise and scales compiled again"


def test_known_and_unknown_rank_share_shapes_but_not_settings():
    config = dataclasses.replace(linear_ball.FIGURE.configure("smoke", {}), rounds=400)
    before = compilations()
    linear_ball.run(config, np.arange(2))
    first = compilations() - before
    linear_ball.run(dataclasses.replace(config, noise=0.5), np.arange(2) + 9)
    assert first == len(linear_ball.METHODS) and compilations() - before == first
