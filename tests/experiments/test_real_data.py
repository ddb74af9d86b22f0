"""Studies on real data with files made here: the layouts of the published sets, and tables of one's own."""

import numpy as np
import pytest
from scipy.io import savemat

from experiments.linear_representation import STUDY as REPRESENTATION
from experiments.linear_representation import real_data
from experiments.rmt_regression import STUDY as REGRESSION
from experiments.rmt_regression import real
from mtrl.harness import over_seeds
from mtrl.harness.cli import run_study
from mtrl.harness.config import replace
from mtrl.harness.run import store
from mtrl.numerics.errors import BadInput

RNG = np.random.default_rng(0)


def ts(folder, name, channels, cases):
    """A pair of .ts files with time stamps."""
    for split, count in zip(("TRAIN", "TEST"), cases, strict=True):
        lines = [
            ":".join(
                ",".join(f"(2016-01-11 {t:02d}:00:00,{v:.3f})" for t, v in enumerate(RNG.normal(size=12)))
                for _ in range(channels)
            )
            + f":{RNG.normal():.3f}"
            for _ in range(count)
        ]
        (folder / f"{name}_{split}.ts").write_text("\n".join(["@timeStamps true", "@data", *lines]))


def cells(arrays):
    out = np.empty((1, len(arrays)), object)
    for t, array in enumerate(arrays):
        out[0, t] = array
    return out


def school(path, sizes, layout):
    rng = np.random.default_rng(0)
    xs = [np.c_[rng.integers(0, 2, (n, 4)), np.ones(n)].astype(np.uint8) for n in sizes]
    ys = [(x[:, :1] * 20 + rng.integers(10, 40, (len(x), 1))).astype(np.uint8) for x in xs]
    if layout == "cells":
        savemat(path, {"X": cells(xs), "Y": cells(ys)})
    else:
        starts = 1 + np.cumsum([0, *sizes[:-1]])
        savemat(path, {"x": np.concatenate(xs).T, "y": np.concatenate(ys), "task_indexes": starts[:, None]})


def test_series_of_any_name_and_number_of_channels(tmp_path):
    """Regression on .ts files: claims are about a stand-in unless the files are the paper's."""
    ts(tmp_path, "Covid3Month", 1, (30, 10))
    flags = ["--figure=real", "--preset=smoke", f"--data_dir={tmp_path}", f"--out={tmp_path}/out"]
    with pytest.raises(BadInput, match="channels 0 to 0; give --channels=0"):
        run_study(REGRESSION, flags)
    ((_, records),) = run_study(REGRESSION, [*flags, "--channels=0"])
    assert store.read_dataset(tmp_path / "out/rmt_regression/real/data.nc").attrs["data"] == "Covid3Month"
    assert records[0]["stand_in"]


def test_places_without_data_write_nothing(tmp_path):
    for place, words in ((tmp_path, "holds no file of a kind"), (tmp_path / "none", "does not exist")):
        with pytest.raises(BadInput, match=words):
            run_study(REGRESSION, ["--figure=real", "--preset=smoke", f"--data_dir={place}", f"--out={tmp_path}/out"])
    assert list(tmp_path.iterdir()) == []


def test_tasks_of_a_table_are_cut_standardised_and_named(tmp_path):
    rows = [f"{'abc'[i % 3]},{i % 7},{i * i % 11},1" for i in range(30 * 3)] + ["d,1,2,1"] * 5
    (tmp_path / "mine.csv").write_text("\n".join(["who,score,x,one", *rows]))
    config = replace(real.RealConfig(), data_dir=str(tmp_path / "mine.csv"), columns=("who", "score"), rows=20)
    features, targets, counts, name = real.load(config)
    assert name == "mine" and [x.shape for x in features] == [(20, 1), (20, 1)] and counts == (14, 14)
    assert all(abs(y.mean()) < 1e-12 for y in targets)
    with pytest.raises(BadInput, match="task d of .* has 5 rows, but 20 are needed"):
        real.load(replace(config, tasks=4))


def test_school_in_both_layouts_gives_the_same_arrays(tmp_path):
    arrays = []
    for layout in ("cells", "long"):
        school(tmp_path / f"{layout}.mat", (30, 12, 20), layout)
        config = replace(real_data.RealConfig(), datasets=("school",), school=str(tmp_path / f"{layout}.mat"))
        arrays.append(real_data.load("school", config))
    for ours, theirs in zip(*arrays, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_published_splits_of_school_are_taken_row_by_row(tmp_path):
    school(tmp_path / "s.mat", (9, 8), "long")
    rng = np.random.default_rng(1)
    orders = [rng.permutation(17) + 1 for _ in range(2)]
    for i, order in enumerate(orders, start=1):
        savemat(tmp_path / f"school_{i}_indexes.mat", {"tr": order[:12], "tst": order[12:]})
    config = replace(real_data.RealConfig(), datasets=("school",), school=f"{tmp_path}/s.mat", splits=str(tmp_path))
    mask = np.arange(9) < np.array([[9], [8]])
    chosen = real_data.published_splits(config, np.arange(2), mask)
    for order, rows in zip(orders, chosen, strict=True):
        assert sorted(np.flatnonzero(rows[mask]) + 1) == sorted(order[:12]) and not rows[~mask].any()
    with pytest.raises(BadInput, match="with 2 files .*give --seeds=2"):
        real_data.published_splits(config, np.arange(3), mask)


@pytest.mark.parametrize("smallest, layout", [(6, "cells"), (1, "long")])
def test_a_task_that_leaves_none_to_test_is_named(tmp_path, smallest, layout):
    school(tmp_path / "s.mat", (30, 20, smallest), layout)
    with pytest.raises(BadInput, match=f"task 2 of .* has {smallest} rows, but 7 are needed"):
        run_study(
            REPRESENTATION,
            ["--figure=R1", "--preset=smoke", "--datasets=school", f"--school={tmp_path}/s.mat", f"--out={tmp_path}/o"],
        )
    assert not (tmp_path / "o").exists()


def test_equal_responses_are_refused(tmp_path):
    (tmp_path / "flat.csv").write_text("\n".join(["task,y,x", *(f"{i % 2},5,{i}" for i in range(40))]))
    config = replace(real_data.RealConfig(), datasets=("own",), data_dir=str(tmp_path / "flat.csv"))
    with pytest.raises(BadInput, match="responses of .* are all equal"):
        real_data.load("own", config)


@pytest.mark.parametrize("method", real_data.METHODS)
def test_a_wide_table_kept_as_rows_gives_the_errors_of_its_moments(method):
    """Unequal tasks of 60 features and at most 8 training rows, for which Gram matrices do not pay."""
    rng = np.random.default_rng(0)
    x, mask = rng.normal(size=(3, 16, 60)), np.arange(16) < np.array([[16], [13], [14]])
    y = np.einsum("tnd,d->tn", x, rng.normal(size=60)) / 8 + 0.1 * rng.normal(size=(3, 16))
    rows = real_data.few_rows(mask, 0.5, 60)
    assert rows == 8 and real_data.few_rows(mask, 0.5, 5) == 0
    how = dict(name=method, points=3, iterations=3000, gap=1e-10)
    arrays = (np.where(mask[..., None], x, 0), np.where(mask, y, 0), mask, 0.5)
    errors = [over_seeds(real_data.one_split, [0, 1], *arrays, rows=few, in_turn=True, **how) for few in (rows, 0)]
    np.testing.assert_allclose(*errors, rtol=1e-9 if "ridge" in method or "regular" in method else 1e-4)
