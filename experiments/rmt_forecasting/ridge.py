"""The ridge on windows of one problem: the grid of couplings, the scores of every draw, the selected fits."""

import numpy as np

from experiments.rmt_forecasting.protocol import AR_ROWS, SELECTIONS, Problem, check_results
from mtrl import forecasting
from mtrl.harness import evaluate, over_seeds

GAMMAS = (0.0, 0.001, 0.00316, 0.01, 0.0316, 0.1, 0.316, 1.0, 3.16, 10.0, 31.6)
LAMS = (0.0, 0.001, 0.01, 0.1, 1.0, 10.0, 100.0)
LAM_AXIS = dict(
    x="λ (large = much sharing)",
    xticks=range(len(LAMS)),
    xticklabels=("0", *(f"$10^{{{round(np.log10(lam))}}}$" for lam in LAMS[1:])),
)  # of a panel with the places of LAMS along x
REGIONS = {"independent": np.s_[1:, :1], "pooled": np.s_[:1, 1:], "multitask": np.s_[1:, :]}  # of the (gamma, lam) grid
METHODS = tuple(REGIONS)
BLOCKS = 10  # contiguous blocks of test windows that stand in for replicates of a recorded series


def ar_scores(key, share, gammas, lams, *, rows: int, **sizes) -> "forecasting.CouplingScores":
    """`coupling_scores` of a freshly drawn AR stand-in."""
    return forecasting.coupling_scores(forecasting.ar_channels(key, rows=rows, share=share), gammas, lams, **sizes)


def all_scores(problem: Problem, seeds) -> "list[forecasting.CouplingScores]":
    """Scores of every draw of the AR stand-in, or of the one recorded series."""
    grid = np.array(GAMMAS), np.array(LAMS)
    if problem.series is None:
        every = over_seeds(ar_scores, seeds, problem.share, *grid, rows=AR_ROWS, lanes="auto", **problem.sizes)
        each = [type(every)(*(part[i] for part in every)) for i in range(len(seeds))]
    else:
        each = [evaluate(forecasting.coupling_scores, problem.series, *grid, **problem.sizes)]
    for scores in each:
        check_results(problem, train=scores.train, validation=scores.validation, test=scores.test)
    return each


def choose(scores: "forecasting.CouplingScores", method: str, select: str) -> tuple[int, int]:
    """Grid indices of the smallest validation, GCV or (oracle) test score within a method's part of the grid."""
    table = {"val": scores.validation, "gcv": scores.gcv, "oracle": scores.test}[select]
    outside = np.ones(table.shape, dtype=bool)
    outside[REGIONS[method]] = False
    row, col = np.unravel_index(np.argmin(np.where(outside, np.inf, table)), table.shape)
    return int(row), int(col)


def selected_errors(problem: Problem, seeds) -> "tuple[forecasting.CouplingScores, np.ndarray, np.ndarray]":
    """Mean scores over the grid, test errors (select, method, replicate) and the chosen (gamma, lam) beside them."""
    each = all_scores(problem, seeds)
    average = type(each[0])(*(np.mean(parts, axis=0) for parts in zip(*each, strict=True)))
    picks = [[[choose(s, method, select) for s in each] for method in METHODS] for select in SELECTIONS]
    rows, cols = np.moveaxis(np.array(picks), -1, 0)
    chosen = np.stack([np.array(GAMMAS)[rows], np.array(LAMS)[cols]])  # (2, select, method, replicate)
    if problem.series is None:
        return average, np.stack([s.test for s in each])[np.arange(len(seeds)), rows, cols], chosen
    pairs = [part.ravel() for part in chosen]
    blocks = evaluate(forecasting.block_errors, problem.series, *pairs, blocks=BLOCKS, **problem.sizes)
    return average, blocks.reshape(*rows.shape[:2], BLOCKS), np.repeat(chosen, BLOCKS, axis=-1)
