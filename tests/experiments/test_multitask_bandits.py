"""The bandit studies compile once per shape (not per method, seed, scale of the radius, or noise level) and refuse bad flags."""

import dataclasses

import numpy as np
import pytest

from experiments.multitask_bandits import finite_class, linear_ball, neural_figures, sequential
from mtrl.harness import BadInput, compilations


def test_one_program_for_all_methods():
    config = dataclasses.replace(
        finite_class.FIGURE.configure("smoke", {}), rounds=4, scales=(0.01, 0.05, 0.2), candidates=2
    )
    before = compilations()
    finite_class.run(config, np.arange(2))
    first = compilations() - before
    assert first == 3, "one for the grid as lanes, one for all methods, one for the rate"
    finite_class.run(dataclasses.replace(config, noise=0.7, scales=(0.03, 0.4, 0.1)), np.arange(2) + 5)
    assert compilations() - before == first, "other seeds, noise and scales compiled again"


def test_noise_and_seeds_are_traced():
    config = dataclasses.replace(linear_ball.FIGURE.configure("smoke", {}), rounds=400)
    before = compilations()
    linear_ball.run(config, np.arange(2))
    first = compilations() - before
    linear_ball.run(dataclasses.replace(config, noise=0.5), np.arange(2) + 9)
    assert compilations() - before == first


@pytest.mark.parametrize(
    ("figure", "changes", "message"),
    [
        (linear_ball.FIGURE, {"rounds": 20}, "N1 got 5 rounds"),
        (linear_ball.FIGURE, {"rank": 11}, "rank got 11"),
        (linear_ball.FIGURE, {"tasks": (0,)}, "tasks got 0"),
        (finite_class.FIGURE, {"scales": (-0.1,)}, "scales got -0.1"),
        (finite_class.FIGURE, {"scales": (float("nan"),)}, "scales got nan"),
        (neural_figures.NEURAL, {"refit_every": 101}, "refit_every got 101, but must be a whole number from 1 to 100"),
        (neural_figures.NEURAL, {"rank": 129}, "between 1 and the width, 128"),
        (neural_figures.NEURAL, {"bonuses": ("ucb",)}, "last_layer, gradient, optimistic_net"),
        (neural_figures.PAIRS, {"tasks": (46,)}, "45 pairs"),
        (sequential.FIGURE, {"reveals": (0.0, 0.5)}, "needs rank=3 fractions"),
    ],
)
def test_bad_flags(figure, changes, message):
    with pytest.raises(BadInput, match=message):
        figure.configure("quick", changes)
