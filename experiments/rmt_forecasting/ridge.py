"""The linear experiment of one problem: Gram matrices, the grid of couplings, the selected fits. Pure functions for `over_seeds`/`evaluate`."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from mtrl.forecasting.problem import ar_channels
from mtrl.forecasting.windows import (
    Split,
    centre_windows,
    gather_windows,
    padded_chunks,
    standardise,
    window_grams,
    window_starts,
)
from mtrl.numerics.multitask_ridge import couple, decompose, fit, score_grid

GAMMAS = (0.0, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
LAMS = (0.0, 0.001, 0.01, 0.1, 1.0, 10.0, 100.0)
METHODS = ("independent", "pooled", "multitask")
SELECTIONS = ("val", "gcv", "oracle")
REGIONS = {
    "independent": np.s_[1:, :1],
    "pooled": np.s_[:1, 1:],
    "multitask": np.s_[1:, :],
}  # parts of the (gamma, lam) grid


class Scores(NamedTuple):
    """Scores over the (gamma, lam) grid, averaged over tasks, in standardised units."""

    train: Array
    validation: Array
    test: Array
    gcv: Array
    level: Array  # test error of forecasting the look-back's mean, scalar


def part_grams(series, *, split: Split, lookback: int, horizon: int, stride: int = 1):
    """Statistics of train (thinned by `stride`), validation and test windows of a standardised series."""
    spans = zip(split, (stride, 1, 1), strict=True)
    starts = [jnp.asarray(window_starts(span, lookback, horizon, step)) for span, step in spans]
    return [window_grams(series, s, lookback=lookback, horizon=horizon) for s in starts]


def grid_scores(series, gammas, lams, *, split: Split, lookback: int, horizon: int, stride: int = 1) -> Scores:
    """Fit every coupling on the train windows and score it."""
    z = standardise(series, split.train)
    train, validation, test = part_grams(z, split=split, lookback=lookback, horizon=horizon, stride=stride)
    grid = score_grid(train, (validation, test), gammas=gammas, lams=lams)
    level = (test.energy / (test.count * horizon)).mean()
    return Scores(*jnp.moveaxis(grid.errors, -1, 0), grid.gcv, level)


def ar_scores(
    key, share, gammas, lams, *, rows: int, split: Split, lookback: int, horizon: int, stride: int = 1
) -> Scores:
    """`grid_scores` of a freshly drawn AR stand-in."""
    series = ar_channels(key, rows=rows, share=share)
    return grid_scores(series, gammas, lams, split=split, lookback=lookback, horizon=horizon, stride=stride)


def window_errors(series, gammas, lams, *, split: Split, lookback: int, horizon: int):
    """Squared error of every test window (averaged over channels and horizon) for the fits at pairs (gammas[k], lams[k]), (k, window)."""
    z = standardise(series, split.train)
    starts = jnp.asarray(window_starts(split.test, lookback, horizon))
    train = window_grams(
        z, jnp.asarray(window_starts(split.train, lookback, horizon)), lookback=lookback, horizon=horizon
    )
    spectra, tasks = decompose(train), z.shape[1]
    blocks, _ = padded_chunks(starts, min(256, starts.shape[0]))

    def at_pair(pair):
        weights = fit(spectra, couple(spectra, jnp.full(tasks, pair[0])), pair[1]).weights / jnp.sqrt(tasks * lookback)

        def errors(rows):
            x, y = centre_windows(*gather_windows(z, rows, lookback=lookback, horizon=horizon))
            return ((y - jnp.einsum("nti,tiq->ntq", x, weights)) ** 2).mean((1, 2))

        return jax.lax.map(errors, blocks).reshape(-1)[: starts.shape[0]]

    return jax.lax.map(at_pair, (gammas, lams))


def choose(scores: Scores, method: str, select: str) -> tuple[int, int]:
    """Grid indices of the smallest validation, GCV or (oracle) test score within a method's part of the grid."""
    table = np.asarray({"val": scores.validation, "gcv": scores.gcv, "oracle": scores.test}[select])
    region = REGIONS[method]
    rows, cols = (np.arange(size)[part] for size, part in zip(table.shape, region, strict=True))
    row, col = np.unravel_index(np.argmin(table[region]), table[region].shape)
    return int(rows[row]), int(cols[col])
