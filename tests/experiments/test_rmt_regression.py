"""What the study's own settings refuse. (Every figure runs at smoke in test_smoke.py.)"""

import numpy as np
import pytest

from experiments.rmt_regression import STUDY
from experiments.rmt_regression.protocol import predicted_path
from mtrl.harness.cli import run_study
from mtrl.numerics.errors import BadInput


@pytest.mark.parametrize(
    ("flags", "match"),
    [
        (
            ["--figure=decomposition", "--ratios=0.001"],
            "ratio n_t/d got 0.001, which leaves a task no sample at d = 100",
        ),
        (["--figure=alignment", "--alphas=1.5"], "alphas got 1.5, but must be at least -1 and at most 1"),
        (["--figure=alignment", "--gamma=-1"], "gamma got -1"),
        (["--figure=alignment", "--noise=0"], "noise got 0"),
        (["--figure=alignment", "--ratio=0.001"], "no sample"),
        (["--figure=universality", "--ratio=0.001"], "no sample"),
        (["--figure=universality", "--laws=cauchy"], "laws got 'cauchy', but takes one of"),
        (["--figure=optimal_coupling", "--ratio=0.001"], "no sample"),
        (
            ["--figure=sweeps", "--alpha=-0.9"],
            "alpha is -0.9, but 4 vectors cannot all have pairwise cosine below -0.3333",
        ),
        (["--figure=sweeps", "--dim=4"], "tasks got 8, but hyperplanes of chosen cosines need dim >= tasks; dim is 4"),
        (["--figure=sweeps", "--limit_ratios=0.5"], "limit_ratios got 0.5, but must be more than 0.5"),
        (["--figure=tuning", "--counts=1,5"], "counts got 1, but must be at least 2"),
        (["--figure=real", "--counts=240,110"], "counts got .* some must be held out"),
    ],
)
def test_refuses(tmp_path, flags, match):
    with pytest.raises(BadInput, match=match):
        run_study(STUDY, [*flags, f"--out={tmp_path / 'out'}"])
    assert not (tmp_path / "out").exists() or not list((tmp_path / "out").rglob("*.nc")), "something was written"


def test_predictions_that_do_not_converge_are_refused():
    """Last change and n_t/d are in the sentence; a NaN is the only way to miss the cap with Newton steps."""
    with pytest.raises(BadInput, match=r"did not converge at n_t/d = 1.5, gamma = nan: last relative"):
        predicted_path(0.5, np.nan, 0.3, np.array([0.0, 1.0]), 1.5, tasks=2)


def test_one_sweep_alone_is_drawn_and_judged(tmp_path):
    """Claims about sweeps that were left out are undecided, not errors."""
    small = ["--seeds=2", "--dim=8", "--limit_ratios=1.5,4"]
    run_study(STUDY, ["--figure=sweeps", "--preset=smoke", "--sweeps=limits", *small, f"--out={tmp_path}"])
    assert (tmp_path / "rmt_regression" / "sweeps" / "figure.png").is_file()
