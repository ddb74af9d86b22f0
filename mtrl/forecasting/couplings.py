"""The multitask ridge on windows over a whole grid of couplings: its errors on every part of the series, on blocks of test windows and on
held-out blocks of the training period.

Ilbert et al. (2024), sections 3 and 5.3, with d = L features and q = H outputs per channel. LARGE lam means much sharing, large gamma much
freedom for each channel. All errors are means over channels in standardised units.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from mtrl.forecasting.windows import Split, standardise, window_moments, window_starts
from mtrl.numerics.moments import Moments
from mtrl.numerics.multitask_ridge import couple, decompose, fit, mean_squared_error, score_grid
from mtrl.numerics.types import Scalar


class CouplingScores(NamedTuple):
    """Scores over the (gamma, lam) grid."""

    train: Float[Array, "grid_gamma grid_lam"]
    validation: Float[Array, "grid_gamma grid_lam"]
    test: Float[Array, "grid_gamma grid_lam"]
    gcv: Float[Array, "grid_gamma grid_lam"]
    level: Float[Array, ""]  # test error of forecasting the look-back's mean


def moments_at(z: Float[Array, "row task"], starts: np.ndarray, *, lookback: int, horizon: int) -> Moments:
    """Statistics of the windows of a standardised series that begin at `starts`."""
    return window_moments(z, jnp.asarray(starts), lookback=lookback, horizon=horizon)


def part_moments(z: Float[Array, "row task"], *, split: Split, stride: int = 1, **sizes: int) -> list[Moments]:
    """Statistics of train (thinned by `stride`), validation and test windows of a standardised series; sizes: lookback, horizon."""
    starts = [
        window_starts(span, stride=k, **sizes)
        for span, k in zip((split.train, split.validation, split.test), (stride, 1, 1), strict=True)
    ]
    return [moments_at(z, rows, **sizes) for rows in starts]


def coupling_scores(
    series: Float[Array, "row task"],
    gammas: Float[Array, " grid_gamma"],
    lams: Float[Array, " grid_lam"],
    *,
    split: Split,
    **sizes: int,
) -> CouplingScores:
    """Fit every coupling on the train windows of a raw series and score it; sizes: lookback, horizon."""
    z = standardise(series, split.train)
    train, validation, test = part_moments(z, split=split, **sizes)
    grid = score_grid(train, (validation, test), gammas=gammas, lams=lams)
    level = (test.square / (test.count * sizes["horizon"])).mean()
    fitted, chosen, seen = jnp.moveaxis(grid.errors, -1, 0)
    return CouplingScores(fitted, chosen, seen, grid.gcv, level)


def train_gcv(
    series: Float[Array, "row task"],
    gammas: Float[Array, " grid_gamma"],
    lams: Float[Array, " grid_lam"],
    *,
    split: Split,
    **sizes: int,
) -> Float[Array, "grid_gamma grid_lam"]:
    """GCV on the train windows of a raw series, which alone are looked at."""
    train, *_ = part_moments(standardise(series, split.train), split=split, **sizes)
    return score_grid(train, (), gammas=gammas, lams=lams).gcv


def block_errors(
    series: Float[Array, "row task"],
    gammas: Float[Array, " pair"],
    lams: Float[Array, " pair"],
    *,
    blocks: int,
    split: Split,
    **sizes: int,
) -> Float[Array, "pair block"]:
    """What contiguous blocks of test windows add to the test error of the fits at pairs (gammas[k], lams[k]).

    Scaled by the number of blocks and their unequal sizes, so that the mean over blocks is the error over all windows.
    """
    z = standardise(series, split.train)
    spans = np.array_split(window_starts(split.test, **sizes), blocks)
    tests = [moments_at(z, starts, **sizes) for starts in spans]
    spectra = decompose(moments_at(z, window_starts(split.train, **sizes), **sizes))

    def at_pair(pair):
        coupled = couple(spectra, jnp.full(z.shape[1], pair[0]))
        weights = fit(spectra, coupled, pair[1]).weights
        errors = [mean_squared_error(test, weights).mean() for test in tests]
        shares = [blocks * test.count[0] / sum(len(span) for span in spans) for test in tests]
        return jnp.stack([share * error for share, error in zip(shares, errors, strict=True)])

    return jax.lax.map(at_pair, (gammas, lams))


def held_out_curve(
    z: Float[Array, "row task"],
    train: Moments,
    gamma: Scalar,
    lams: Float[Array, " grid_lam"],
    *,
    span: tuple[int, int],
    stride: int,
    folds: int,
    **sizes: int,
) -> Float[Array, " grid_lam"]:
    """Error on every window of the training period, by a fit without any window that shares a row with its block of the period.

    Args:
      z: standardised series.
      train: statistics of its train windows, thinned by `stride`.
      gamma, lams: couplings.
      span: rows of the training period.
      stride: between train windows.
      folds: blocks of the period.
      **sizes: lookback, horizon.
    """
    width = sizes["lookback"] + sizes["horizon"]
    starts, every = (window_starts(span, stride=k, **sizes) for k in (stride, 1))
    total = jnp.zeros(())
    for inside in np.array_split(every, folds):
        touching = starts[(starts > inside[0] - width) & (starts < inside[-1] + width)]
        rest = jax.tree.map(jnp.subtract, train, moments_at(z, touching, **sizes))
        held = moments_at(z, inside, **sizes)
        errors = score_grid(rest, (held,), gammas=jnp.reshape(gamma, (1,)), lams=lams).errors[0, :, 1]
        total = total + errors * len(inside) / len(every)
    return total
