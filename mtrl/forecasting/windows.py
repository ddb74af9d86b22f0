"""Look-back windows of a multichannel series: splits, standardisation, moments, and `pack`, which makes all of it from a raw series.

A series has rows (time) and channels; channel t is task t. A window starting at row s has the look-back rows [s, s + L) and the horizon
rows [s + L, s + L + H). Splits follow the long-horizon forecasting benchmarks (Zhou et al. 2021; Ilbert et al. 2024, section 5.3): the
validation and test ranges start L rows early, every window of stride 1 counts, and each channel is standardised by its TRAIN mean and std.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float, Int

from mtrl.nn import padded_chunks
from mtrl.numerics.checks import check_whole
from mtrl.numerics.errors import BadInput
from mtrl.numerics.moments import Moments, no_moments

PARTS = ("train", "validation", "test")
ETT_MONTH = 30 * 24  # rows of the hourly benchmarks
LARGEST_VALUE = 1e18  # its square still fits single precision


class Split(NamedTuple):
    """Half-open row ranges [start, stop) of each part; those of validation and test include their first look-back."""

    train: tuple[int, int]
    validation: tuple[int, int]
    test: tuple[int, int]


def split_rows(train: int, validation: int, test: int, lookback: int) -> Split:
    """Consecutive parts of the given numbers of rows; validation and test start `lookback` rows early."""
    middle = train + validation
    return Split((0, train), (train - lookback, middle), (middle - lookback, middle + test))


def ett_split(lookback: int) -> Split:
    """12/4/4 months of 30 days, hourly: rows [0, 8640), [8640, 11520), [11520, 14400)."""
    return split_rows(12 * ETT_MONTH, 4 * ETT_MONTH, 4 * ETT_MONTH, lookback)


def fraction_split(rows: int, lookback: int) -> Split:
    """70/10/20 % of the rows, as for the Weather benchmark: train and test rounded down, validation takes the rest."""
    train, test = int(0.7 * rows), int(0.2 * rows)
    return split_rows(train, rows - train - test, test, lookback)


def check_windows(split: Split, rows: int, lookback: int, horizon: int, name: str = "series") -> None:
    """Refuse a look-back and horizon that a part cannot hold.

    Args:
      split: row ranges.
      rows: rows of the series.
      lookback: L, rows.
      horizon: H, rows.
      name: of the data set, for the message.

    Raises:
      BadInput: L or H below 1, a range outside the series, or a part shorter than L + H, naming its rows.
    """
    check_whole(lookback=lookback, horizon=horizon, hint="in rows")
    for part, (start, stop) in zip(PARTS, split, strict=True):
        if start < 0:
            raise BadInput(
                f"{name}: lookback={lookback} reaches {-start} rows before row 0 in the {part} part; choose a shorter look-back"
            )
        if stop > rows:
            raise BadInput(
                f"{name}: the {part} part ends at row {stop}, but the series has {rows} rows; get the whole file"
            )
        if stop - start < lookback + horizon:
            raise BadInput(
                f"{name}: rows {start} to {stop} of the {part} part are {stop - start}, "
                f"too few for lookback {lookback} + horizon {horizon}; choose a shorter look-back or horizon"
            )


def check_series(series: np.ndarray, name: str = "series") -> None:
    """Refuse a series with holes or values whose squares overflow.

    Raises:
      BadInput: not two-dimensional, or NaN, infinity or a value beyond 1e18, naming row and channel.
    """
    if series.ndim != 2 or series.shape[1] < 1:
        raise BadInput(f"{name}: got an array of shape {series.shape}, but a series has the axes (row, channel)")
    bad = np.argwhere(~np.isfinite(series))
    if bad.size:
        row, channel = bad[0]
        raise BadInput(
            f"{name}: row {row}, channel {channel} holds {series[row, channel]}; fill or cut missing values first"
        )
    huge = np.argwhere(np.abs(series) > LARGEST_VALUE)
    if huge.size:
        row, channel = huge[0]
        raise BadInput(
            f"{name}: row {row}, channel {channel} holds {series[row, channel]:g}, whose square overflows; "
            f"values must stay within {LARGEST_VALUE:g}: mend or rescale the channel"
        )


def window_starts(span: tuple[int, int], lookback: int, horizon: int, stride: int = 1) -> np.ndarray:
    """Rows at which the windows of [start, stop) begin, (sample,); `stride = lookback + horizon` makes them disjoint."""
    return np.arange(span[0], span[1] - lookback - horizon + 1, stride)


def channel_scales(
    series: Float[Array, "row task"], train: tuple[int, int]
) -> tuple[Float[Array, " task"], Float[Array, " task"]]:
    """Mean and standard deviation of each channel over the train rows.

    A channel that is constant there but for rounding (a stuck sensor) has no scale: it gets its value as mean, and deviation 1.
    """
    known = series[train[0] : train[1]]
    largest = jnp.abs(known).max(0)
    stuck = known.max(0) - known.min(0) <= 8 * jnp.finfo(series.dtype).eps * largest
    return jnp.where(stuck, known[0], known.mean(0)), jnp.where(stuck, 1, known.std(0))


def standardise(series: Float[Array, "row task"], train: tuple[int, int]) -> Float[Array, "row task"]:
    """Subtract the TRAIN mean and divide by the TRAIN standard deviation, per channel."""
    mean, deviation = channel_scales(series, train)
    return (series - mean) / deviation


class WindowData(NamedTuple):
    """A standardised series and the rows at which its windows begin."""

    series: Float[Array, "row task"]
    train: Int[Array, " sample"]
    validation: Int[Array, " valid"]
    test: Int[Array, " held"] | None = None
    mean: Float[Array, " task"] | None = None  # of the raw train rows
    deviation: Float[Array, " task"] | None = None


def pack(series: ArrayLike | Sequence[Any], *, lookback: int, horizon: int, split: Split | None = None) -> WindowData:
    """Check a raw series, standardise it by its train rows and lay out its windows.

    Args:
      series: values (row, channel), rows in time order at equal steps; an array or nested lists.
      lookback, horizon: L and H, rows.
      split: row ranges; by default 70/10/20 % of the rows.

    Raises:
      BadInput: holes, values whose squares overflow, or a part too short for one window.
    """
    raw = np.asarray(series, dtype=float)
    check_series(raw)
    split = split or fraction_split(len(raw), lookback)
    check_windows(split, len(raw), lookback, horizon)
    values = jnp.asarray(raw)
    mean, deviation = channel_scales(values, split.train)
    train, valid, test = (jnp.asarray(window_starts(span, lookback, horizon)) for span in split)
    return WindowData((values - mean) / deviation, train, valid, test, mean, deviation)


def forecast(
    predict: Callable[[Float[Array, "1 task dim"]], Float[Array, "1 task horizon"]], data: WindowData, *, lookback: int
) -> Float[Array, "horizon task"]:
    """The rows that follow the series, in its own units.

    Args:
      predict: standardised windows to standardised horizons, e.g. `functools.partial(model.apply, state.best)`.
      data: from `pack`.
      lookback: L, rows.

    Raises:
      BadInput: data without their units.
    """
    if data.mean is None or data.deviation is None:
        raise BadInput("data hold no mean and deviation, the series' own units; make them with pack")
    return predict(data.series[-lookback:].T[None])[0].T * data.deviation + data.mean


def gather_windows(
    series: Float[Array, "row task"],
    starts: Int[Array, " sample"],
    *,
    lookback: int,
    horizon: int,
) -> tuple[Float[Array, "sample task dim"], Float[Array, "sample task horizon"]]:
    """Look-backs x (dim = L) and horizons y of the windows at `starts`."""
    rows = starts[:, None] + jnp.arange(lookback + horizon)
    both = jnp.swapaxes(series[rows], 1, 2)
    return both[..., :lookback], both[..., lookback:]


def centre_windows(
    x: Float[Array, "*batch dim"], y: Float[Array, "*batch horizon"]
) -> tuple[Float[Array, "*batch dim"], Float[Array, "*batch horizon"]]:
    """Subtract each window's look-back mean from both sides, so that the linear map is fitted to deviations from the recent level."""
    level = x.mean(-1, keepdims=True)
    return x - level, y - level


def window_moments(
    series: Float[Array, "row task"],
    starts: Int[Array, " sample"],
    *,
    lookback: int,
    horizon: int,
    chunk: int = 256,
) -> Moments:
    """Accumulate the statistics of the linear regression of horizons on look-backs, both centred by the window's mean.

    Windows are gathered `chunk` at a time, so memory is chunk * T * (L + H) and never all windows times all features.

    Args:
      series: standardised series.
      starts: rows at which the windows begin.
      lookback: L = d, features per task.
      horizon: H = q, outputs per task.
      chunk: windows gathered at once.

    Returns:
      Sums over the windows, `cross` with H outputs.
    """
    tasks = series.shape[1]
    blocks, weights = padded_chunks(starts, chunk)

    def add(total, block):
        rows, weight = block
        x, y = centre_windows(*gather_windows(series, rows, lookback=lookback, horizon=horizon))
        w = weight.astype(series.dtype)[:, None, None]
        gram, cross = jnp.einsum("nti,ntj->tij", w * x, x), jnp.einsum("nti,ntj->tij", w * x, y)
        part = Moments(gram, cross, (w * y**2).sum((0, 2)), jnp.full(tasks, w.sum()))
        return jax.tree.map(jnp.add, total, part), None

    return jax.lax.scan(add, no_moments(tasks, lookback, series.dtype, (horizon,)), (blocks, weights))[0]
