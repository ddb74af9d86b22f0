"""The linear experiment of one problem, as pure functions: Gram matrices, the grid of couplings, the selected fits."""

from typing import NamedTuple

import numpy as np

from mtrl import forecasting
from mtrl.harness import jax, jnp
from mtrl.numerics import multitask_ridge

GAMMAS = (0.0, 0.001, 0.00316, 0.01, 0.0316, 0.1, 0.316, 1.0, 3.16, 10.0, 31.6)
LAMS = (0.0, 0.001, 0.01, 0.1, 1.0, 10.0, 100.0)
LAM_LABELS = ("0", *(f"$10^{{{round(np.log10(lam))}}}$" for lam in LAMS[1:]))
METHODS = ("independent", "pooled", "multitask")
SELECTIONS = ("val", "gcv", "oracle")
REGIONS = {
    "independent": np.s_[1:, :1],
    "pooled": np.s_[:1, 1:],
    "multitask": np.s_[1:, :],
}  # parts of the (gamma, lam) grid


class Scores(NamedTuple):
    """Scores over the (gamma, lam) grid, averaged over tasks, in standardised units."""

    train: "jax.Array"
    validation: "jax.Array"
    test: "jax.Array"
    gcv: "jax.Array"
    level: "jax.Array"  # test error of forecasting the look-back's mean, scalar


def part_moments(series, *, split: "forecasting.Split", lookback: int, horizon: int, stride: int = 1):
    """Statistics of train (thinned by `stride`), validation and test windows of a standardised series."""
    spans = zip(split, (stride, 1, 1), strict=True)
    starts = [jnp.asarray(forecasting.window_starts(span, lookback, horizon, step)) for span, step in spans]
    return [forecasting.window_moments(series, s, lookback=lookback, horizon=horizon) for s in starts]


def grid_scores(
    series, gammas, lams, *, split: "forecasting.Split", lookback: int, horizon: int, stride: int = 1
) -> Scores:
    """Fit every coupling on the train windows and score it."""
    z = forecasting.standardise(series, split.train)
    train, validation, test = part_moments(z, split=split, lookback=lookback, horizon=horizon, stride=stride)
    grid = multitask_ridge.score_grid(train, (validation, test), gammas=gammas, lams=lams)
    level = (test.square / (test.count * horizon)).mean()
    return Scores(*jnp.moveaxis(grid.errors, -1, 0), grid.gcv, level)


def ar_scores(
    key, share, gammas, lams, *, rows: int, split: "forecasting.Split", lookback: int, horizon: int, stride: int = 1
) -> Scores:
    """`grid_scores` of a freshly drawn AR stand-in."""
    series = forecasting.ar_channels(key, rows=rows, share=share)
    return grid_scores(series, gammas, lams, split=split, lookback=lookback, horizon=horizon, stride=stride)


def block_errors(series, gammas, lams, *, blocks: int, split: "forecasting.Split", lookback: int, horizon: int):
    """What contiguous blocks of test windows add to the test error of the fits at pairs (gammas[k], lams[k]), (k, block).

    Scaled by the number of blocks and their unequal sizes, so that the mean over blocks is the error over all windows.
    """
    z = forecasting.standardise(series, split.train)
    spans = np.array_split(forecasting.window_starts(split.test, lookback, horizon), blocks)
    tests = [forecasting.window_moments(z, jnp.asarray(starts), lookback=lookback, horizon=horizon) for starts in spans]
    train = forecasting.window_moments(
        z, jnp.asarray(forecasting.window_starts(split.train, lookback, horizon)), lookback=lookback, horizon=horizon
    )
    spectra = multitask_ridge.decompose(train)

    def at_pair(pair):
        weights = multitask_ridge.fit(
            spectra, multitask_ridge.couple(spectra, jnp.full(z.shape[1], pair[0])), pair[1]
        ).weights
        shares = [blocks * test.count[0] / sum(len(span) for span in spans) for test in tests]
        return jnp.stack(
            [
                s * multitask_ridge.mean_squared_error(test, weights).mean()
                for s, test in zip(shares, tests, strict=True)
            ]
        )

    return jax.lax.map(at_pair, (gammas, lams))


def choose(scores: Scores, method: str, select: str) -> tuple[int, int]:
    """Grid indices of the smallest validation, GCV or (oracle) test score within a method's part of the grid."""
    table = np.asarray({"val": scores.validation, "gcv": scores.gcv, "oracle": scores.test}[select])
    region = REGIONS[method]
    rows, cols = (np.arange(size)[part] for size, part in zip(table.shape, region, strict=True))
    row, col = np.unravel_index(np.argmin(table[region]), table[region].shape)
    return int(rows[row]), int(cols[col])
