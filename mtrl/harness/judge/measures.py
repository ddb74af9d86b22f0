"""The vocabulary of claims: labelled quantities of a result, combined by arithmetic, and reduced to one number with its interval.

    gap = value("regret", method="shared", episode=LAST) - value("regret", method="own", episode=LAST)
    Claim("sharing lowers the regret", ..., measure=mean(gap), accepts=less_than_zero)

A quantity is a function of `(data, config)`; nothing is read before a claim is judged. A label that is not there raises `Absent`: the
claim does not apply to these data. Reductions over seeds give intervals; the choice of a worst or best point is made inside the
bootstrap, so that its interval knows of the choice.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from mtrl.harness.judge.claims import Absent, Interval, mean_interval, proportion_interval
from mtrl.harness.judge.faster import Faster, times_faster
from mtrl.harness.judge.quantities import FIRST, LAST, SEED, Quantity, as_quantity, log, pick, same, value

__all__ = [
    "FIRST", "LAST", "Absent", "Faster", "Measure", "Quantity", "best", "bootstrap", "crossing", "exact", "first_crossing", "log", "lowest",
    "lowest_of", "mean", "near", "share", "slope", "times_faster", "value", "worst",
]  # fmt: skip

RESAMPLES = 2000
Measure = Callable[[Any, Any], Interval]


def _samples(x: Quantity, data: Any, config: Any, keep: tuple[str, ...] = ()) -> np.ndarray:
    """The array with the seed first and, without `keep`, nothing else."""
    array = x(data, config)
    left = [dim for dim in getattr(array, "dims", ()) if dim != SEED and dim not in keep]
    if SEED not in getattr(array, "dims", ()):
        raise TypeError("the quantity has no seed axis, so it has no interval; use `exact`")
    if left and not keep:
        raise TypeError(
            f"the quantity still has the dimensions {left}; pick labels, reduce with `over`, or use `worst` or `best`"
        )
    return np.asarray(array.transpose(SEED, *[d for d in array.dims if d != SEED]).values, dtype=float)


def mean(x: Quantity) -> Measure:
    """Mean over seeds with its t-interval.

    Raises (when judged):
      TypeError: another dimension than the seed is left, or there is none.
    """
    return lambda data, config: mean_interval(_samples(as_quantity(x), data, config))


def exact(x: Quantity) -> Measure:
    """A number without sampling error.

    Raises (when judged):
      TypeError: a dimension is left.
    """

    def measure(data, config):
        number = as_quantity(x)(data, config)
        if getattr(number, "dims", ()):
            raise TypeError(f"the quantity still has the dimensions {list(number.dims)}; pick labels or reduce them")
        return Interval(*[float(number)] * 3)

    return measure


def share(condition: Quantity) -> Measure:
    """Share of the seeds (and of whatever other dimension is left, one trial each) for which a condition holds, with Wilson's interval."""

    def measure(data, config):
        held = np.asarray(condition(data, config).values, dtype=bool)
        return proportion_interval(int(held.sum()), held.size)

    return measure


def _widening(n: int) -> float:
    """What percentiles of resampled means of n seeds lack of the t-interval."""
    from scipy import stats

    return float(stats.t.ppf(0.975, n - 1) / stats.norm.ppf(0.975) * np.sqrt(n / (n - 1)))


def _resampled(values: np.ndarray, draws: np.ndarray) -> np.ndarray:
    """Means over the first axis, (resample, ...): of all seeds first, then of every row of `draws`; blocks of 16 MB at once."""
    block = max(1, 2**21 // max(values[0].size * len(values), 1))
    parts = [values[draws[i : i + block]].mean(1) for i in range(0, len(draws), block)]
    return np.concatenate([values.mean(0)[None], *parts])


def _bootstrap(statistics: Callable[..., np.ndarray], *quantities: Quantity) -> Measure:
    """As `bootstrap`, of a function of all resampled means at once, (resample, ...) to (resample,); without seeds one row."""

    def measure(data, config):
        arrays = [as_quantity(x)(data, config) for x in quantities]
        seeded = [SEED in getattr(array, "dims", ()) for array in arrays]
        values = [
            np.asarray(a.transpose(SEED, ...).values if s else getattr(a, "values", a), dtype=float)
            for a, s in zip(arrays, seeded, strict=True)
        ]
        counts = {len(v) for v, s in zip(values, seeded, strict=True) if s}
        if len(counts) != 1:
            raise TypeError(f"the quantities have {sorted(counts) or 'no'} seeds, but must share one seed axis")
        n = counts.pop()
        draws = np.random.default_rng(0).integers(0, n, (RESAMPLES if n > 1 else 0, n))
        means = [_resampled(v, draws) if s else v[None] for v, s in zip(values, seeded, strict=True)]
        middle, *found = (float(x) for x in statistics(*means))
        if n < 2:
            return Interval(middle, -np.inf, np.inf)
        if not np.isfinite(middle) or np.isnan(found).any():
            return Interval(np.nan, np.nan, np.nan)
        ends = np.quantile(found, [0.025, 0.975], method="nearest")
        # Expanded percentiles (Hesterberg 2015): as wide as the t-interval where the statistic is a mean.
        if np.isfinite(ends).all():
            ends = middle + (ends - middle) * _widening(n)
        return Interval(middle, *(float(end) for end in ends))

    return measure


def bootstrap(statistic: Callable[..., float], *quantities: Quantity) -> Measure:
    """`statistic(mean_1, mean_2, ...)` of seed means, with the interval of resampled seeds (fixed stream, the same for all quantities).

    A quantity without seed axis enters as it is. Fewer than two seeds give an unbounded interval.
    """

    def one_by_one(*means):
        rows = max(map(len, means))
        return np.array([statistic(*(m[i if len(m) == rows else 0] for m in means)) for i in range(rows)], dtype=float)

    return _bootstrap(one_by_one, *quantities)


def _largest(means: np.ndarray) -> np.ndarray:
    return means.reshape(len(means), -1).max(1)


def worst(x: Quantity) -> Measure:
    """The largest seed mean over all other dimensions, chosen anew in every resample; write `x` so that larger is worse."""
    return _bootstrap(_largest, x)


def best(x: Quantity) -> Measure:
    """The smallest seed mean over all other dimensions, chosen anew in every resample."""
    return _bootstrap(lambda means: -_largest(-means), x)


def lowest(x: Quantity, label: Any, dim: str = "method") -> Measure:
    """A label's seed mean minus the lowest of all the others (a lower envelope where below 0), which is chosen anew in every resample."""

    def gaps(array):
        others = ~same(array[dim].values, label)
        if not others.any():
            raise Absent(f"{array.name} has no {dim} beside {label}")
        return pick(array, dim, label) - array.isel({dim: others})

    return worst(x.then(gaps))


def lowest_of(x: Quantity, dim: str, minus: Quantity | None = None) -> Measure:
    """The smallest over `dim` of the seed means, minus the smallest of another quantity if given (each chosen in every resample)."""
    if minus is None:
        return best(x)
    return _bootstrap(lambda a, b: _largest(-b) - _largest(-a), x, minus)


def slope(x: Quantity, dim: str, *, logs: bool = True, least: int = 3) -> Measure:
    """Least-squares slope of the seed means against the coordinate `dim`, of logarithms unless `logs=False`.

    Raises (when judged):
      Absent: fewer than `least` points; an exponent from two sizes is a ratio.
    """

    def points(data, config):
        array = x(data, config)
        if dim not in array.dims or array.sizes[dim] < least:
            raise Absent(f"fewer than {least} values of {dim}")
        return array[dim].astype(float)

    def fit(y, at):
        at, y = (np.log(at), np.log(y)) if logs else (at, y)
        return np.polyfit(at, y, 1)[0]

    return bootstrap(fit, x, Quantity(points))


def first_crossing(at: np.ndarray, a: np.ndarray, b: np.ndarray) -> float:
    """Where `a` first falls below `b` along ascending positive `at` (interpolated in logarithms).

    The first point if it is there at once, infinite if it never does.
    """
    below = np.flatnonzero(a < b)
    if not below.size:
        return np.inf
    i = below[0]
    if i == 0:
        return float(at[0])
    before, after = a[i - 1] - b[i - 1], a[i] - b[i]
    t = before / (before - after)
    return float(np.exp((1 - t) * np.log(at[i - 1]) + t * np.log(at[i])))


def crossing(a: Quantity, b: Quantity, dim: str, over: Any = 1.0) -> Measure:
    """Where `a` first falls below `b` along `dim`, over a predicted place."""
    at = Quantity(lambda data, config: a(data, config)[dim].astype(float))
    return bootstrap(lambda x, y, c, d: first_crossing(c, x, y) / d, a, b, at, as_quantity(over))


def near(
    x: Quantity,
    table: Mapping[Any, float],
    dim: str,
    *,
    spread: Mapping[Any, float] | None = None,
    rounding: float = 0.0,
) -> Measure:
    """Largest distance of the seed means to a published table over `dim`, in standard deviations of one run.

    Args:
      x: quantity with the seed and `dim`.
      table: label -> published mean; labels that the data lack are left out.
      dim: the dimension.
      spread: label -> published standard deviation of a run; ours where it is missing.
      rounding: half of the table's last digit, which is no distance.

    Raises (when judged):
      Absent: no label is in both.
    """

    def measure(data, config):
        array = x(data, config)
        labels = [label for label in table if same(array[dim].values, label).any()]
        if not labels:
            raise Absent(f"the table holds no {dim} of the data")
        part = pick(array, dim, labels)
        ours = part.std(SEED, ddof=1).values
        sd = np.array([(spread or {}).get(label, own) for label, own in zip(labels, ours, strict=True)])
        target = np.array([table[label] for label in labels])

        def distance(means):
            gaps = np.maximum(np.abs(means - target) - rounding, 0)
            return _largest(gaps / np.maximum(sd, max(rounding, 1e-300)))

        return _bootstrap(distance, Quantity(lambda data, config: part))(data, config)

    return measure
