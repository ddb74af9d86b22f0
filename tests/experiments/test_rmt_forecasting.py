"""The forecasting study's own parts: the macro stand-in's numbers, files and flags refused, the table's choices and marks."""

import numpy as np
import pytest
import xarray as xr

from experiments.rmt_forecasting import STUDY, linear, networks, predicted, regimes, table
from experiments.rmt_forecasting.problems import DataConfig, macro_series, problems
from experiments.rmt_forecasting.ridge import METHODS, SELECTIONS
from mtrl.harness import BadInput
from mtrl.harness.config import replace
from mtrl.harness.datasets.csv_series import ETT_HEADER
from tests.helpers import assert_close


def test_macro_stand_in_gives_the_measured_errors():
    """Validation choice: .8227 independent, .8199 pooled, .8189 multitask; window mean .8153 (measured once with an independent program)."""
    (problem,) = problems(linear.LinearConfig(series=("macro",)))
    scores, errors, chosen = linear.measure_problem(problem, np.arange(2))
    val = SELECTIONS.index("val")
    for method, reference in zip(METHODS, (0.8227, 0.8199, 0.8189), strict=True):
        assert_close(method, errors[val, METHODS.index(method)].mean(), reference, atol=6e-5, rtol=0)
    assert_close("window mean", scores.level, 0.8153, atol=6e-5, rtol=0)
    gammas = list(np.round(chosen[0, val, :, 0], 3))
    assert gammas == [3.16, 0.0, 0.1] and macro_series().shape == (202, 7)


def test_files_and_flags_that_cannot_work_are_refused(tmp_path):
    for changes, message in (
        (dict(series=("ETTh1",)), "series got ETTh1, which is a file; give its folder with --data_dir"),
        (dict(data_dir=str(tmp_path / "no")), "is not a folder; it must hold ETTh1.csv"),
        (dict(data_dir=str(tmp_path)), "holds none of ETTh1.csv, ETTh2.csv, Weather.csv"),
        (dict(shares=(1.5,)), "shares got 1.5"),
        (dict(horizons=(0,)), "horizons got 0"),
        (dict(series=("ETTh3",)), "did you mean ETTh"),
    ):
        with pytest.raises(BadInput, match=message):
            replace(DataConfig(), **changes)
    with pytest.raises(BadInput, match="too few for lookback 8"):
        problems(DataConfig(series=("macro",), standin_horizon=31))
    with pytest.raises(BadInput, match="at least two different values"):
        replace(regimes.RegimesConfig(), shares=(0.5,))
    with pytest.raises(BadInput, match="lam_inv got 0"):
        replace(table.TableConfig(), lam_inv=(0.0,))


def test_files_are_read_split_and_refused_by_row(tmp_path):
    rows = [",".join(ETT_HEADER)] + [f"2016-07-01 {i},1,2,3,4,5,6,{i}" for i in range(400)]
    (tmp_path / "ETTh1.csv").write_text("\n".join(rows))
    with pytest.raises(BadInput, match="ETTh1.csv: the train part ends at row 8640, but the series has 400 rows"):
        problems(DataConfig(data_dir=str(tmp_path)))
    (tmp_path / "ETTh1.csv").unlink()
    (tmp_path / "Weather.csv").write_text("\n".join(rows))
    got = problems(DataConfig(data_dir=str(tmp_path), lookback=24, horizons=(6, 12)))
    assert [p.label for p in got] == ["Weather H=6", "Weather H=12"] and got[0].learning_rate == 1e-4
    assert got[0].split.test == (320 - 24, 400) and got[0].series.shape == (400, 7)


def test_selection_and_marks_of_the_table():
    pairs = 4
    test = np.full((1, 1, 3, pairs), 1.0) + np.arange(3)[None, None, :, None] * 1e-3
    test[..., 2] -= 0.1
    validation = np.broadcast_to(np.array([0.5, 0.9, 0.8, 0.7]), test.shape)
    dims = ("problem", "model", "seed", "pair")
    data = xr.Dataset(
        {"test": (dims, test), "validation": (dims, validation)},
        coords={"problem": ["p"], "model": ["DLinearU"]},
        attrs={"selected_by": "val"},
    )
    assert table.chosen_pair(data, "p", "DLinearU") == 3  # never pair 0, which has no penalty
    assert table.chosen_pair(data, "p", "DLinearU", "oracle") == 2
    assert table.chosen_pair(data, "p", "DLinearU", "gcv") == 1
    assert table.significant(test[0, 0, :, 2], test[0, 0, :, 0]) and not table.significant(
        test[0, 0, :, 1], test[0, 0, :, 0]
    )
    row = table.rows_of(data)[0]
    assert row[1] == "1.001" and row[4] == "1.001" and row[-1] == "-"
    assert np.isnan(table.change(data, "PatchTST", 0).value)


def test_theory_penalty_converts_the_chosen_coupling():
    (problem,) = problems(DataConfig(series=("macro",)))
    lam_inv, gamma_inv = networks.theory_penalty(problem)
    scores, *_ = linear.measure_problem(problem, np.arange(2))
    row, col = np.unravel_index(np.argmin(scores.gcv[1:, 1:]), scores.gcv[1:, 1:].shape)
    unit = 7 * 8 / (109 * 4)  # T d / (windows horizon)
    assert_close("lam_inv", lam_inv, unit / linear.LAMS[1:][col], rtol=1e-12)
    assert_close("gamma_inv", gamma_inv, unit / linear.GAMMAS[1:][row], rtol=1e-12)


def test_overlapping_windows_warn():
    config = predicted.PredictedConfig(series=("macro",), seeds=2)
    with pytest.warns(UserWarning, match="overlapping windows are not independent"):
        data = predicted.run(config, np.arange(2))
    assert np.isfinite(data.theory.isel(seed=0)).all() and STUDY.figure("predicted").config is predicted.PredictedConfig
