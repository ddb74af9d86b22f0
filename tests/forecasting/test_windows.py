"""Splits, standardisation and windows against the published protocol and brute force."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtrl.forecasting import windows as w
from mtrl.numerics.errors import BadInput
from tests.helpers import assert_close


def test_ett_split_has_the_published_rows_and_window_counts():
    split = w.ett_split(336)
    assert split == w.Split((0, 8640), (8640 - 336, 11520), (11520 - 336, 14400))
    assert [len(w.window_starts(span, 336, 96)) for span in split] == [8209, 2785, 2785]


def test_fraction_split_is_70_10_20():
    split = w.fraction_split(1000, 10)
    assert split == w.Split((0, 700), (690, 800), (790, 1000))


def test_disjoint_windows_share_no_row():
    starts = w.window_starts((5, 60), 7, 3, stride=10)
    rows = starts[:, None] + np.arange(10)
    assert len(np.unique(rows)) == rows.size and rows.max() < 60


def test_windows_are_the_slices_they_name(key):
    series = jax.random.normal(key, (30, 2))
    x, y = w.gather_windows(series, jnp.array([0, 11]), lookback=5, horizon=3)
    assert x.shape == (2, 2, 5) and y.shape == (2, 2, 3)
    np.testing.assert_array_equal(x[1, 0], series[11:16, 0])
    np.testing.assert_array_equal(y[1, 1], series[16:19, 1])


def test_standardise_uses_train_rows_only_and_keeps_constant_channels_finite(key):
    series = jnp.concatenate([jax.random.normal(key, (40, 1)) * 3 + 5, jnp.full((40, 1), 2.0)], axis=1)
    z = w.standardise(series, (0, 25))
    assert_close("train mean", z[:25, 0].mean(), 0.0, atol=1e-12)
    assert_close("train std", z[:25, 0].std(), 1.0, rtol=1e-12)
    changed = w.standardise(series.at[30:].add(100.0), (0, 25))
    np.testing.assert_array_equal(z[:25], changed[:25])
    np.testing.assert_array_equal(z[:, 1], np.zeros(40))


def test_grams_accumulate_what_the_dense_design_gives(key):
    """Blocks with a padded last one give the same sums as all windows at once."""
    series, L, H = jax.random.normal(key, (60, 3)), 6, 2
    starts = jnp.asarray(w.window_starts((3, 60), L, H))
    x, y = w.centre_windows(*w.gather_windows(series, starts, lookback=L, horizon=H))
    ours = w.window_grams(series, starts, lookback=L, horizon=H, chunk=16)
    assert_close("gram", ours.gram, np.einsum("nti,ntj->tij", x, x), rtol=1e-12)
    assert_close("cross", ours.cross, np.einsum("nti,ntj->tij", x, y), rtol=1e-12)
    assert_close("square", ours.square, (np.asarray(y) ** 2).sum((0, 2)), rtol=1e-12)
    assert_close("count", ours.count, np.full(3, len(starts)))
    assert_close("centred", x.mean(-1), np.zeros(x.shape[:2]), atol=1e-12)


@pytest.mark.parametrize(
    "split, rows, lookback, horizon, message",
    [
        (w.ett_split(336), 14000, 336, 96, r"ETTh1: the test part ends at row 14400, but the series has 14000 rows"),
        (
            w.split_rows(50, 20, 30, 8),
            100,
            8,
            25,
            r"rows 42 to 70 of the validation part are 28, too few for lookback 8 \+ horizon 25",
        ),
        (w.Split((0, 50), (-10, 70), (60, 100)), 100, 20, 4, "reaches 10 rows before row 0 in the validation part"),
        (w.ett_split(336), 17420, 336, 0, "horizon got 0"),
    ],
)
def test_too_short_a_part_is_refused_by_row(split, rows, lookback, horizon, message):
    with pytest.raises(BadInput, match=message):
        w.check_windows(split, rows, lookback, horizon, "ETTh1")


def test_holes_are_refused_by_row_and_channel():
    series = np.zeros((9, 3))
    series[4, 2] = np.nan
    with pytest.raises(BadInput, match="row 4, channel 2 holds nan"):
        w.check_series(series, "macro")
    with pytest.raises(BadInput, match="axes"):
        w.check_series(np.zeros(4))
