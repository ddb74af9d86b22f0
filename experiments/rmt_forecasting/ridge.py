"""The ridge on windows of one problem: Gram matrices, the grid of couplings, the selected fits."""

from typing import NamedTuple

import numpy as np

from experiments.rmt_forecasting.protocol import AR_ROWS, Problem, check_results
from mtrl import forecasting
from mtrl.harness import evaluate, jax, jnp, over_seeds
from mtrl.numerics import multitask_ridge

GAMMAS = (0.0, 0.001, 0.00316, 0.01, 0.0316, 0.1, 0.316, 1.0, 3.16, 10.0, 31.6)
LAMS = (0.0, 0.001, 0.01, 0.1, 1.0, 10.0, 100.0)
LAM_AXIS = dict(
    x="λ (large = much sharing)",
    xticks=range(len(LAMS)),
    xticklabels=("0", *(f"$10^{{{round(np.log10(lam))}}}$" for lam in LAMS[1:])),
)  # of a panel with the places of LAMS along x
REGIONS = {"independent": np.s_[1:, :1], "pooled": np.s_[:1, 1:], "multitask": np.s_[1:, :]}  # of the (gamma, lam) grid
METHODS = tuple(REGIONS)


class Scores(NamedTuple):
    """Scores over the (gamma, lam) grid, averaged over tasks, in standardised units."""

    train: "jax.Array"
    validation: "jax.Array"
    test: "jax.Array"
    gcv: "jax.Array"
    level: "jax.Array"  # test error of forecasting the look-back's mean, scalar


def moments_at(z, starts, *, lookback: int, horizon: int):
    """Statistics of the windows of a standardised series that begin at `starts`."""
    return forecasting.window_moments(z, jnp.asarray(starts), lookback=lookback, horizon=horizon)


def part_moments(z, *, split: "forecasting.Split", stride: int = 1, **sizes: int):
    """Statistics of train (thinned by `stride`), validation and test windows of a standardised series."""
    strides = (stride, 1, 1)
    starts = [forecasting.window_starts(span, stride=k, **sizes) for span, k in zip(split, strides, strict=True)]
    return [moments_at(z, rows, **sizes) for rows in starts]


def grid_scores(series, gammas, lams, *, split: "forecasting.Split", **sizes: int) -> Scores:
    """Fit every coupling on the train windows and score it."""
    z = forecasting.standardise(series, split.train)
    train, validation, test = part_moments(z, split=split, **sizes)
    grid = multitask_ridge.score_grid(train, (validation, test), gammas=gammas, lams=lams)
    level = (test.square / (test.count * sizes["horizon"])).mean()
    return Scores(*jnp.moveaxis(grid.errors, -1, 0), grid.gcv, level)


def ar_scores(key, share, gammas, lams, *, rows: int, **sizes) -> Scores:
    """`grid_scores` of a freshly drawn AR stand-in."""
    return grid_scores(forecasting.ar_channels(key, rows=rows, share=share), gammas, lams, **sizes)


def all_scores(problem: Problem, seeds) -> list[Scores]:
    """Scores of every draw of the AR stand-in, or of the one recorded series."""
    grid = np.array(GAMMAS), np.array(LAMS)
    if problem.series is None:
        every = over_seeds(ar_scores, seeds, problem.share, *grid, rows=AR_ROWS, **problem.sizes)
        each = [Scores(*(part[i] for part in every)) for i in range(len(seeds))]
    else:
        each = [Scores(*evaluate(grid_scores, problem.series, *grid, **problem.sizes))]
    for scores in each:
        check_results(problem, train=scores.train, validation=scores.validation, test=scores.test)
    return each


def block_errors(series, gammas, lams, *, blocks: int, split: "forecasting.Split", **sizes: int):
    """What contiguous blocks of test windows add to the test error of the fits at pairs (gammas[k], lams[k]), (k, block).

    Scaled by the number of blocks and their unequal sizes, so that the mean over blocks is the error over all windows.
    """
    z = forecasting.standardise(series, split.train)
    spans = np.array_split(forecasting.window_starts(split.test, **sizes), blocks)
    tests = [moments_at(z, starts, **sizes) for starts in spans]
    spectra = multitask_ridge.decompose(moments_at(z, forecasting.window_starts(split.train, **sizes), **sizes))

    def at_pair(pair):
        coupled = multitask_ridge.couple(spectra, jnp.full(z.shape[1], pair[0]))
        weights = multitask_ridge.fit(spectra, coupled, pair[1]).weights
        errors = [multitask_ridge.mean_squared_error(test, weights).mean() for test in tests]
        shares = [blocks * test.count[0] / sum(len(span) for span in spans) for test in tests]
        return jnp.stack([share * error for share, error in zip(shares, errors, strict=True)])

    return jax.lax.map(at_pair, (gammas, lams))


def choose(scores: Scores, method: str, select: str) -> tuple[int, int]:
    """Grid indices of the smallest validation, GCV or (oracle) test score within a method's part of the grid."""
    table = {"val": scores.validation, "gcv": scores.gcv, "oracle": scores.test}[select]
    outside = np.ones(table.shape, dtype=bool)
    outside[REGIONS[method]] = False
    row, col = np.unravel_index(np.argmin(np.where(outside, np.inf, table)), table.shape)
    return int(row), int(col)
