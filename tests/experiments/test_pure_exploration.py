"""Studies of pure exploration: runs are fixed by their seed, M is a lane of one program, bad flags are refused."""

import numpy as np
import pytest

from experiments.policy_identification import accuracy
from experiments.policy_identification import tasks as policy_tasks
from experiments.pure_exploration import ablation, gaps, protocol, subspace, tasks
from mtrl.harness import BadInput, compilations


def test_one_program_for_all_numbers_of_tasks_and_gaps():
    """Other values compile nothing; a lane does not depend on its neighbours."""
    config = tasks.FIGURE.configure("smoke", {"methods": (protocol.RAGE,)})
    before = compilations()
    first = tasks.run(config, np.arange(2))
    assert compilations() == before + 1
    other = tasks.FIGURE.configure("smoke", {"methods": (protocol.RAGE,), "tasks": (6, 8), "gap": 0.6, "noise": 0.9})
    tasks.run(other, np.arange(2))
    again = tasks.run(config, np.arange(2))
    assert compilations() == before + 1
    np.testing.assert_array_equal(first["pulls"], again["pulls"])


@pytest.mark.parametrize(
    ("figure", "changes", "message"),
    [
        (tasks.FIGURE, {"tasks": (1, 20)}, "tasks got 1, but must be at least rank=2"),
        (tasks.FIGURE, {"rank": 6}, "rank got 6"),
        (tasks.FIGURE, {"delta": 1.0}, "delta got 1"),
        (tasks.FIGURE, {"noise": 0.0}, "noise got 0"),
        (tasks.FIGURE, {"gap": 0.0}, "gap got 0"),
        (gaps.FIGURE, {"gaps": (0.75, 0.75)}, "gaps"),
        (subspace.FIGURE, {"norms": (1.0, 0.0)}, "norms got 0"),
        (ablation.FIGURE, {"variants": ("none",)}, "variants"),
        (policy_tasks.FIGURE, {"tasks": (3,)}, "tasks got 3, but must be a multiple of rank=2"),
        (accuracy.FIGURE, {"contexts": 1, "arms": 2}, "dim got 5, but contexts x arms = 2 features span no more"),
    ],
)
def test_bad_flags(figure, changes, message):
    with pytest.raises(BadInput, match=message):
        figure.configure("quick", changes)
