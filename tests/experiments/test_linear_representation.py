"""The released script's own draws give its released means; bad flags of their figure."""

import jax.numpy as jnp
import numpy as np
import pytest

from experiments.linear_representation import released, released_draws, replay
from experiments.linear_representation.protocol import METHODS
from mtrl.harness import BadInput, over_seeds
from mtrl.harness.driver import spread
from mtrl.numerics.linalg.subspaces import sin_theta
from mtrl.representation.subspace import method_of_moments


def moments_only(key, draw):
    basis = method_of_moments(draw.x, draw.y, rank=released_draws.RANK)
    return replay.measure(draw, (basis, basis))


@pytest.mark.parametrize("place", [0, 2])  # 100 and 400 tasks
def test_moments_and_plain_least_squares_give_the_released_means_and_their_spreads(place):
    tasks, seeds = released.X[place], np.arange(30)
    drawn = released_draws.batch(seeds, tasks=tasks)
    sines, errors = over_seeds(moments_only, seeds, per_seed=(spread(drawn),))
    spreads = released.SPREAD["tasks"]
    assert abs(sines[:, 0].std() - spreads["LF-MoM"][place]) < 0.0006
    assert abs(errors[:, 0].std() - spreads["meta-LR-MoM"][place]) < 0.0051
    assert abs(errors[:, 2].std() - spreads["LR"][place]) < 0.0051
    sine, error = sines.mean(0), errors.mean(0)
    assert abs(sine[0] - released.MEANS["tasks"]["LF-MoM"][place]) < 0.0006
    assert abs(error[0] - released.MEANS["tasks"]["meta-LR-MoM"][place]) < 0.0006
    assert abs(error[2] - released.MEANS["tasks"]["LR"][place]) < 0.0051


def test_both_searches_end_in_the_same_subspace():
    """The search of SciPy and ours from the released start."""
    seeds = np.array([1])
    drawn = released_draws.batch(seeds, tasks=400)
    ours, _, steps = over_seeds(replay.by_library, seeds, per_seed=(spread(drawn),), iterations=1000, in_turn=True)
    basis, count = replay.script_search(released_draws.Draw(*(part[0] for part in drawn)), 1000)
    assert max(count, steps[0]) < 1000
    assert abs(ours[0, METHODS.index("LF-FO")] - sin_theta(jnp.asarray(drawn.basis[0]), basis)) < 2e-3


def test_seeds_that_were_not_released_are_refused():
    with pytest.raises(BadInput, match="seed 34 is not a repetition of the released script"):
        replay.FIGURE.configure("smoke", {"first_seed": 5, "seeds": 30})
