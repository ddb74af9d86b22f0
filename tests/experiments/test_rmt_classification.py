"""The study's own input: an .npz of tasks, and what it refuses. (Every figure runs at smoke in test_smoke.py.)"""

import json

import numpy as np
import pytest

from experiments.rmt_classification import STUDY
from mtrl.harness.cli import run_study
from mtrl.harness.run import store
from mtrl.numerics.errors import BadInput


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    """Three tasks of 40 samples per class; task "flip" is task "a" with its labels exchanged, the target is "t"."""
    rng = np.random.default_rng(0)
    direction = np.zeros(12)
    direction[0] = 3.0
    X, y, task = [], [], []
    for name, sign in (("a", 1), ("flip", -1), ("t", 1)):
        for label in (1, 2):
            X.append(rng.standard_normal((40, 12)) + sign * (direction if label == 1 else -direction) / 2)
            y += [label] * 40
            task += [name] * 40
    file = tmp_path_factory.mktemp("npz") / "tasks.npz"
    np.savez(file, X=np.concatenate(X), y=np.array(y), task=np.array(task))
    return str(file)


SIZES = ["--figure=real", "--preset=smoke", "--source=20", "--target=6"]


def test_tasks_of_a_file(tmp_path, archive):
    run_study(STUDY, [*SIZES, "--seeds=4", f"--data_dir={archive}", f"--out={tmp_path}"])
    folder = tmp_path / "rmt_classification" / "real"
    data = store.read_dataset(folder / "data.nc")
    assert data["source"].values.tolist() == ["a", "flip"] and data.sizes["seed"] == 4
    held = data["held_out"].mean("seed")
    assert float(held.sel(source="flip", rule="signed")) > 0.5 > float(held.sel(source="flip", rule="optimal"))
    verdicts = {r["claim"]: r["verdict"] for r in json.loads((folder / "claims.json").read_text())}
    assert len(verdicts) == 1, "claims about the digits do not apply to other data"


def test_features_of_the_digits_that_all_vary_too_little(tmp_path):
    with pytest.raises(BadInput, match="no feature has a standard deviation above 99; .*--min_std=0"):
        run_study(STUDY, [*SIZES, "--min_std=99", f"--out={tmp_path}"])


def test_an_edited_file_is_computed_again(tmp_path):
    """The same command after the file was replaced gives the new file's numbers."""
    rng, y, task = np.random.default_rng(0), np.tile([1, 2], 60), np.repeat([0, 1], 60)
    errors = []
    for shift in (4.0, 0.0):
        X = rng.standard_normal((120, 6)) + shift * (2 * y[:, None] - 3) * (np.arange(6) == 0)
        np.savez(tmp_path / "tasks.npz", X=X, y=y, task=task)
        run_study(STUDY, [*SIZES, f"--data_dir={tmp_path}/tasks.npz", f"--out={tmp_path}/o"])
        errors.append(float(store.read_dataset(tmp_path / "o/rmt_classification/real/data.nc")["held_out"].mean()))
    assert errors[0] < 0.1 < 0.3 < errors[1]


@pytest.mark.parametrize(
    ("flags", "match"),
    [
        (["--target_task=b"], "target_task got 'b', but the file holds the tasks a, flip, t"),
        (["--source=41"], "a class of a holds 40 samples, but 47 are needed .*choose --source=33 --target=6"),
        (["--whiten=none"], "takes one of pool, training"),
    ],
)
def test_real_refuses(tmp_path, archive, flags, match):
    with pytest.raises(BadInput, match=match):
        run_study(STUDY, [*SIZES, *flags, f"--data_dir={archive}", f"--out={tmp_path}"])


@pytest.mark.parametrize(
    ("flags", "match"),
    [
        (["--center_labels=false"], "labels of task 0 have sample mean -0.3"),
        (["--rules=optimal"], "rules got 1 values for 4 similarities"),
        (["--gamma=0,0", "--lam=0"], "lam and every gamma are 0"),
        (["--source=0,5"], "source got 0, but must be at least 1"),
    ],
)
def test_histogram_refuses(tmp_path, flags, match):
    with pytest.raises(BadInput, match=match):
        run_study(STUDY, ["--figure=score_histogram", *flags, f"--out={tmp_path}"])


@pytest.mark.parametrize(
    ("flags", "match"),
    [
        (
            ["--figure=more_sources", "--dim=6"],
            "dim got 6, but 6 sources and their target need 7 orthogonal directions",
        ),
        (["--figure=more_sources", "--target=0"], "target got 0, but must be at least 1"),
        (
            ["--figure=negative_transfer", "--similarities=1.2"],
            "similarities got 1.2, but must be at least -1 and at most 1",
        ),
        (["--figure=negative_transfer", "--gamma=0"], "gamma got 0"),
        (["--figure=coupling_sweep", "--source=5"], "source got 1 values, but takes exactly 2"),
    ],
)
def test_sweeps_refuse(tmp_path, flags, match):
    with pytest.raises(BadInput, match=match):
        run_study(STUDY, [*flags, f"--out={tmp_path}"])


def test_equal_class_means_warn_and_err_half_the_time(tmp_path):
    with pytest.warns(UserWarning, match="equal means.*error is 0.5"):
        run_study(STUDY, ["--figure=score_histogram", "--preset=smoke", "--norm=0", f"--out={tmp_path}"])
    data = store.read_dataset(tmp_path / "rmt_classification" / "score_histogram" / "data.nc")
    assert np.allclose(data["predicted"], 0.5) and np.allclose(data["error"], 0.5)
