"""The .ts loader on small files made here."""

import numpy as np
import pytest

from mtrl.data.tser import load_ts
from mtrl.harness.cli import run_study
from mtrl.numerics.errors import BadInput

HEADER = "@problemName AppliancesEnergy\n@univariate false\n@dimensions 2\n@data\n"


def write(folder, text, split="TRAIN"):
    (folder / f"AppliancesEnergy_{split}.ts").write_text(text)
    return str(folder)


def test_reads(tmp_path):
    found = load_ts(write(tmp_path, HEADER + "1,2,3:4,5,6:0.5\n\n7,8,9:1,1,1:-2\n"), "AppliancesEnergy", "TRAIN")
    assert found.series.shape == (2, 2, 3)
    assert np.array_equal(found.targets, [0.5, -2.0])
    assert np.array_equal(found.series[0, 1], [4, 5, 6])


@pytest.mark.parametrize(
    "text, words",
    [
        ("1,2:3\n", "no @data line"),
        (HEADER, "no cases"),
        (HEADER + "1,2:x\n", "line 5"),
        (HEADER + "1,2:1,2,3:1\n", "line 5"),
        (HEADER + "1,nan:1,2:1\n", "not finite"),
        (HEADER + "1,2:1\n1,2,3:1\n", "line 6"),
    ],
)
def test_refuses(tmp_path, text, words):
    with pytest.raises(BadInput, match=words):
        load_ts(write(tmp_path, text), "AppliancesEnergy", "TRAIN")


def test_missing_file_from_the_command_line_writes_nothing(tmp_path):
    from experiments.rmt_regression import STUDY

    with pytest.raises(BadInput, match="AppliancesEnergy_TRAIN.ts does not exist"):
        run_study(STUDY, ["--figure=real", "--preset=smoke", f"--data_dir={tmp_path}", f"--out={tmp_path}/out"])
    assert list(tmp_path.iterdir()) == []


def test_study_runs_on_such_files(tmp_path):
    """Random series of the archive's shape; the figure is made without the stand-in."""
    rng = np.random.default_rng(0)

    def cases(n):
        return "".join(
            ":".join(",".join(f"{v:.3f}" for v in rng.normal(size=12)) for _ in range(2)) + f":{rng.normal():.3f}\n"
            for _ in range(n)
        )

    from experiments.rmt_regression import STUDY

    write(tmp_path, HEADER + cases(30))
    write(tmp_path, HEADER + cases(20), "TEST")
    run_study(STUDY, ["--figure=real", "--preset=smoke", f"--data_dir={tmp_path}", f"--out={tmp_path}/out"])
    assert (tmp_path / "out/rmt_regression/real/figure.png").is_file()
