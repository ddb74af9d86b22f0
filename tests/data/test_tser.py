"""The .ts loader on small files made here."""

import numpy as np
import pytest

from mtrl.data import find_ts, read_ts
from mtrl.numerics.errors import BadInput

HEADER = "@problemName AppliancesEnergy\n@univariate false\n@dimensions 2\n@data\n"


def write(folder, text, split="TRAIN"):
    path = folder / f"AppliancesEnergy_{split}.ts"
    path.write_text(text)
    return path


def test_reads(tmp_path):
    found = read_ts(write(tmp_path, HEADER + "1,2,3:4,5,6:0.5\n\n7,8,9:1,1,1:-2\n"))
    assert found.series.shape == (2, 2, 3)
    assert np.array_equal(found.targets, [0.5, -2.0])
    assert np.array_equal(found.series[0, 1], [4, 5, 6])


def test_time_stamps_and_comments_are_left_out(tmp_path):
    stamped = (
        "(2016-01-11 17:00:00,1.5),(2016-01-11 17:10:00,2):(2016-01-11 17:00:00,-1e-3),(2016-01-11 17:10:00,4):0.5\n"
    )
    path = write(tmp_path, HEADER.replace("@data", "@timeStamps true\n@DATA") + "# first case\n" + stamped)
    found = read_ts(path)
    assert found.series.tolist() == [[[1.5, 2.0], [-1e-3, 4.0]]] and found.targets.tolist() == [0.5]


def test_any_name_and_any_number_of_channels(tmp_path):
    for name, channels in (("Covid3Month", 1), ("Cardano", 3)):
        folder = tmp_path / name
        folder.mkdir()
        for split in ("TRAIN", "TEST"):
            (folder / f"{name}_{split}.ts").write_text("@data\n" + ":".join(["1,2"] * channels) + ":7\n")
        got, train, test = find_ts(folder)
        assert (
            (got, train.name, test.name)
            == (name, f"{name}_TRAIN.ts", f"{name}_TEST.ts")
            == (find_ts(train)[0], train.name, test.name)
        )
        assert read_ts(train).series.shape == (1, channels, 2)
    with pytest.raises(BadInput, match="no <name>_TRAIN.ts"):
        find_ts(tmp_path)
    (tmp_path / "Cardano/Other_TRAIN.ts").write_text("")
    with pytest.raises(BadInput, match=r"several sets \(Cardano, Other\)"):
        find_ts(tmp_path / "Cardano")
    with pytest.raises(BadInput, match="Other_TEST.ts does not exist"):
        find_ts(tmp_path / "Cardano/Other_TRAIN.ts")


@pytest.mark.parametrize(
    "text, words",
    [
        ("1,2:3\n", "no @data line"),
        (HEADER + "1,?:1,2:1\n", "line 5 holds a missing value"),
        (HEADER, "no cases"),
        (HEADER + "1,2:x\n", "line 5"),
        (HEADER + "1,2:1,2,3:1\n", "line 5"),
        (HEADER + "1,nan:1,2:1\n", "not finite"),
        (HEADER + "1,2:1\n1,2,3:1\n", "line 6"),
    ],
)
def test_refuses(tmp_path, text, words):
    with pytest.raises(BadInput, match=words):
        read_ts(write(tmp_path, text))
