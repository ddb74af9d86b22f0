"""The study's own parts: flags, the stand-in, the distance to a theory."""

import numpy as np
import pytest
import xarray as xr

from experiments.continual_statmech import STUDY, networks, protocol, sequential
from mtrl.harness.judge.measures import value
from mtrl.numerics.errors import BadInput


def test_flags_are_refused():
    with pytest.raises(BadInput, match="every got 7, which does not divide epochs=500; use a divisor"):
        STUDY.figure("dynamics").configure("quick", {"every": 7})
    with pytest.raises(BadInput, match="data_dir and fashion_dir go together"):
        STUDY.figure("sequential").configure("quick", {"data_dir": "."})
    with pytest.raises(BadInput, match="overlaps"):
        STUDY.figure("two_tasks").configure("quick", {"overlaps": (2.0,)})


def test_stand_in_is_two_tasks_under_the_same_labels():
    images = sequential.stand_in()
    assert images.train.shape[0] == 2 and images.train.shape[2] == 64 and len(images.test[0]) > 100
    assert all(set(np.unique(y)) == set(range(5)) for y in images.train_label)
    x, y, u, v = networks.digits("")
    assert (len(x), len(u)) == (1437, 360) and 0 <= x.min() < x.max() <= 1


def test_distance_to_a_theory_is_in_standard_errors():
    """Five seeds with a mean of 1 and a standard error of 0.5 against 2, and a point without theory."""
    eps = np.array([[-0.5, 0.3], [0.5, 0.3], [1.0, 0.3], [1.5, 0.3], [2.5, 0.3]])
    data = xr.Dataset(
        {"eps": (("seed", "load"), eps), "line": ("load", [2.0, np.nan])}, {"seed": range(5), "load": [1.0, 2.0]}
    )
    found = protocol.largest_z(value("eps"), value("line"))(data, None)
    assert (
        found.value == pytest.approx(1.0 / (np.std(eps[:, 0], ddof=1) / 5**0.5))
        and found.low < found.value < found.high
    )
