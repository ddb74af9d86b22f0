"""The race of linear MDPs gives the same curves however many settings run side by side; tuning covers its grid; bad flags."""

import functools

import numpy as np
import pytest

from experiments.multitask_linear_mdp import joint, linear_phi, neural, regret, tasks, tuning
from experiments.multitask_linear_mdp.race import Entrant, race, settings
from mtrl.harness import BadInput, over_seeds
from mtrl.mdp.neural import Config, init, step
from mtrl.mdp.problem import sample
from mtrl.numerics.algorithm import Algorithm

WORLD = functools.partial(sample, tasks=2, stages=2, states=3, actions=2, rank=2, candidates=2)


def test_one_lane_equals_two():
    """One setting is not mapped, so that networks refit only when due; the numbers are those of the mapped program."""
    net = Config(rank=2, hidden=4, refit_every=2, steps=3)
    entrants = (Entrant("net", Algorithm(init, functools.partial(step, config=net)), net),)
    records = [
        over_seeds(
            race, np.arange(2), 0.1, {"net": settings(alpha=alphas, ridge=0.1)},
            world=WORLD, entrants=entrants, episodes=5,
        )["net"]
        for alphas in ([0.2], [0.2, 0.5])
    ]  # fmt: skip
    for one, two in zip(*records, strict=True):
        np.testing.assert_allclose(one[:, 0], two[:, 0], rtol=1e-8, atol=1e-10)


def test_tuning_runs_every_combination_once():
    config = tuning.FIGURE.configure("smoke", {"ridges": (0.01, 0.1, 1.0)})
    lanes = tuning.grid(config)
    combinations = 3 * len(config.betas) * len(config.confs)
    table = np.stack([lanes["lsvi"][name] for name in ("ridge", "beta", "conf")], axis=1)
    assert len(np.unique(table[:combinations], axis=0)) == combinations
    np.testing.assert_array_equal(table[:combinations], table[combinations : 2 * combinations])
    assert len(table) == 2 * combinations + 2 * 3 * len(config.betas)
    assert lanes["lsvi"]["single"][2 * combinations :].all() and not lanes["lsvi"]["single"][: 2 * combinations].any()


@pytest.mark.parametrize(
    ("figure", "changes", "message"),
    [
        (regret.FIGURE, {"stages": 0}, "stages got 0"),
        (regret.FIGURE, {"beta": -0.1}, "beta got -0.1"),
        (regret.FIGURE, {"conf": float("nan")}, "conf got nan"),
        (regret.FIGURE, {"rank": 0}, "rank got 0"),
        (regret.FIGURE, {"rank": 41}, "between 1 and the width 40"),
        (regret.FIGURE, {"tasks": 0}, "tasks got 0"),
        (tuning.FIGURE, {"ridges": (0.0,)}, "ridges got 0"),
        (tasks.FIGURE, {"teams": (3,)}, "does not divide tasks=16"),
        (linear_phi.FIGURE, {"rank": 11}, "between 1 and the width 10"),
        (neural.FIGURE, {"refit_every": 150}, "never be fitted"),
        (neural.FIGURE, {"bonuses": ("ucb",)}, "last_layer, gradient, optimistic_net"),
        (joint.FIGURE, {"tasks": 4}, "tasks got 4"),
    ],
)
def test_bad_flags(figure, changes, message):
    with pytest.raises(BadInput, match=message):
        figure.configure("quick", changes)
