"""Competitions of linear MDPs give the same curves however many settings run side by side, in one program; tuning covers its grid; bad flags."""

import dataclasses

import numpy as np
import pytest

from experiments.multitask_linear_mdp import joint, linear_phi, neural, regret, tasks, tuning
from experiments.multitask_linear_mdp.protocol import task_means
from mtrl import mdp
from mtrl.harness import BadInput, Entrant, compete, compilations

PROBLEM = mdp.episodic(mdp.sample_finite_class, tasks=2, stages=2, states=3, actions=2, rank=2, candidates=2)


def test_one_lane_equals_two():
    """One setting is not mapped, so that networks refit only when due; the numbers are those of the mapped program."""
    net = dict(rank=2, hidden=4, refit_every=2, steps=3)
    one, two = (
        compete(
            [Entrant("net", mdp.neural_lsvi, net, dict(alpha=alphas, ridge=0.1))], PROBLEM,
            seeds=np.arange(2), rounds=5, inputs=(0.1,), record=task_means,
        )["net"].record
        for alphas in ([0.2], [0.2, 0.5])
    )  # fmt: skip
    for a, b in zip(one, two, strict=True):
        np.testing.assert_allclose(a[:, 0], b[:, 0], rtol=1e-8, atol=1e-10)


def test_the_study_compiles_once_for_all_methods_and_settings():
    config = dataclasses.replace(
        regret.RegretConfig(), seeds=2, episodes=4, states=4, candidates=3, tasks=2, stages=2, rank=2
    )
    before = compilations()
    regret.run(config, np.arange(2))
    assert compilations() == before + 1
    regret.run(dataclasses.replace(config, beta=0.5, conf=0.3, noise=0.2), np.arange(2, 4))
    assert compilations() == before + 1


def test_tuning_runs_every_combination_once():
    config = tuning.FIGURE.configure("smoke", {"ridges": (0.01, 0.1, 1.0)})
    for entrant in tuning.entrants(config)[:-1]:
        names = ("ridge", "beta", "conf") if entrant.name in (tuning.SHARED, tuning.OWN) else ("ridge", "beta")
        table = np.stack([entrant.grid[name] for name in names], axis=1)
        count = 3 * len(config.betas) * (len(config.confs) if "conf" in names else 1)
        assert len(table) == len(np.unique(table, axis=0)) == count


@pytest.mark.parametrize(
    ("figure", "changes", "message"),
    [
        (regret.FIGURE, {"stages": 0}, "stages got 0"),
        (regret.FIGURE, {"beta": -0.1}, "beta got -0.1"),
        (regret.FIGURE, {"conf": float("nan")}, "conf got nan"),
        (regret.FIGURE, {"rank": 0}, "rank got 0"),
        (regret.FIGURE, {"rank": 41}, "between 1 and the width, 40"),
        (regret.FIGURE, {"tasks": 0}, "tasks got 0"),
        (tuning.FIGURE, {"ridges": (0.0,)}, "ridges got 0"),
        (tasks.FIGURE, {"teams": (3,)}, "does not divide tasks=16"),
        (linear_phi.FIGURE, {"rank": 11}, "between 1 and the width, 10"),
        (neural.FIGURE, {"refit_every": 150}, "never be fitted"),
        (neural.FIGURE, {"bonuses": ("ucb",)}, "last_layer, gradient, optimistic_net"),
        (joint.FIGURE, {"tasks": 4}, "tasks got 4"),
    ],
)
def test_bad_flags(figure, changes, message):
    with pytest.raises(BadInput, match=message):
        figure.configure("quick", changes)
