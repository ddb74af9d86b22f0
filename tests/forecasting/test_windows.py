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
    assert w.fraction_split(1004, 10) == w.Split((0, 702), (692, 804), (794, 1004))  # 702.8 and 200.8 rounded down


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


@pytest.mark.parametrize("value", [0.1, 0.0, -3.7e5, 1e-12])
def test_a_stuck_channel_has_no_scale(value, key):
    """The deviation of a constant 0.1 is rounding, 1e-17, and must not become the unit of what comes after."""
    series = jnp.full((9000, 2), value).at[:, 1].set(jax.random.normal(key, (9000,))).at[8995:, 0].add(2.0)
    mean, deviation = w.channel_scales(series, (0, 8640))
    assert float(mean[0]) == value and float(deviation[0]) == 1
    assert_close("the other", deviation[1], np.std(series[:8640, 1]), rtol=1e-12)
    z = w.standardise(series, (0, 8640))
    assert np.all(z[:8995, 0] == 0)
    assert_close("in its own unit", z[8995:, 0], np.full(5, 2.0), rtol=1e-9)


def test_a_small_but_real_scale_is_kept(key):
    series = 1e6 + 1e-6 * jax.random.normal(key, (500, 1))
    assert_close("deviation", w.channel_scales(series, (0, 500))[1], np.std(series), rtol=1e-12)


def test_packing_standardises_splits_and_forecasts_in_the_series_own_units(key):
    """A forecaster that repeats the last value gives the last row back."""
    raw = 3 * np.asarray(jax.random.normal(key, (100, 2))) + np.array([7.0, -2.0])
    data = w.pack(raw.tolist(), lookback=5, horizon=3)
    assert_close("series", data.series, (raw - raw[:70].mean(0)) / raw[:70].std(0), rtol=1e-10)
    for starts, span in zip((data.train, data.validation, data.test), w.fraction_split(100, 5), strict=True):
        np.testing.assert_array_equal(starts, w.window_starts(span, 5, 3))
    ahead = w.forecast(lambda x: jnp.repeat(x[..., -1:], 3, axis=-1), data, lookback=5)
    assert_close("rows ahead", ahead, np.tile(raw[-1], (3, 1)), rtol=1e-12)
    with pytest.raises(BadInput, match="make them with pack"):
        w.forecast(lambda x: x, data._replace(mean=None), lookback=5)
    with pytest.raises(BadInput, match="too few for lookback"):
        w.pack(raw[:20], lookback=5, horizon=3)


def test_moments_accumulate_what_the_dense_design_gives(key):
    """Blocks with a padded last one give the same sums as all windows at once."""
    series, L, H = jax.random.normal(key, (60, 3)), 6, 2
    starts = jnp.asarray(w.window_starts((3, 60), L, H))
    x, y = w.centre_windows(*w.gather_windows(series, starts, lookback=L, horizon=H))
    ours = w.window_moments(series, starts, lookback=L, horizon=H, chunk=16)
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


def test_a_part_that_holds_one_window_is_long_enough():
    split = w.Split((0, 12), (4, 16), (8, 20))
    w.check_windows(split, 20, 8, 4)
    assert [len(w.window_starts(span, 8, 4)) for span in split] == [1, 1, 1]
    with pytest.raises(BadInput, match="rows 0 to 12 of the train part are 12, too few for lookback 8"):
        w.check_windows(split, 20, 8, 5)


def test_holes_are_refused_by_row_and_channel():
    series = np.zeros((9, 3))
    series[4, 2] = np.nan
    with pytest.raises(BadInput, match="row 4, channel 2 holds nan"):
        w.check_series(series, "macro")
    series[4, 2] = -1e200
    with pytest.raises(BadInput, match="row 4, channel 2 holds -1e.200, whose square overflows"):
        w.check_series(series)
    with pytest.raises(BadInput, match="axes"):
        w.check_series(np.zeros(4))
