"""The study of critical periods refuses what cannot be run, in one sentence."""

import numpy as np
import pytest

from experiments.critical_periods import STUDY, completions, protocol
from mtrl.harness.judge.claims import Absent
from mtrl.numerics.errors import BadInput


@pytest.mark.parametrize(
    ("figure", "changes", "words"),
    [
        ("pathways", dict(starts=(0, 1001)), "a gate starts at step 1001, but training has 1000 steps"),
        ("pathways", dict(width=6), "width got 6, but must be at least 8"),
        ("pathways", dict(depth=1), "depth got 1, but must be at least 2"),
        ("lesion", dict(lesion=8), "lesion got 8, but the task has 8 modes"),
        ("portraits_large", dict(starts=(0, 2000)), "a gate starts at step 2000"),
        ("rank", dict(ranks=(2, 31)), "ranks got 31, but must be at most n"),
        ("rank", dict(count=901), "count got 901, but there are 900 entries"),
        ("rank", dict(switches=(0, 500, 100)), r"switches got \(0, 500, 100\), but must ascend; sort them"),
        ("rank", dict(switches=(-1, 5)), "switches got -1"),
        ("rank", dict(scale=0.0), "scale got 0.0, but must be more than 0"),
        ("entries", dict(count=200), "phase 1 observes 200 entries, but must nest in the 150 of phase 2"),
        ("depth", dict(nested=(180, 120)), "phase 1 observes 180 entries, but must nest in the 120"),
        ("depth", dict(depths=(0, 1)), "depths got 0"),
        ("nonlinear", dict(activations=("gelu",)), "activations got 'gelu', but takes one of"),
    ],
)
def test_bad_flags_are_refused(figure, changes, words):
    with pytest.raises(BadInput, match=words):
        STUDY.figure(figure).configure("quick", changes)


def test_a_rate_that_diverges_names_step_depth_and_rate():
    figure = STUDY.figure("scales")
    config = figure.configure("smoke", {"lr": 1e4})
    with pytest.raises(BadInput, match="not finite at step 40 with depth 2 and lr 10000"):
        figure.run(config, np.arange(config.seeds))


def test_numbers_of_another_size_say_nothing():
    """Claims of the paper's size do not apply to smaller matrices."""
    import xarray as xr

    small = xr.Dataset({"size": ((), 30)})
    for name in ("rank", "entries", "depth"):
        tables = [claim for claim in STUDY.figure(name).claims if "n = 100" in claim.text]
        assert tables and not any(claim.applies(small) for claim in tables)
    assert not completions.full_size(small)


def test_a_change_needs_two_values():
    """One value of a swept field leaves an ordering along it unjudged."""
    import xarray as xr

    two = xr.DataArray([1.0, 3.0], dims="depth")
    assert protocol.changes("depth")(two).values.tolist() == [2.0]
    with pytest.raises(Absent, match="one depth"):
        protocol.changes("depth")(two[:1])
