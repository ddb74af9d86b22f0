"""Closed-form multitask ridge on windows: independent, pooled and multitask, with the coupling selected from data.

The linear instance of the paper's forecaster (Ilbert et al. 2024, sections 3 and 5.3): d = L features and q = H outputs per channel, window
mean subtracted. On the real ETTh1 at H = 96, L = 336 this gives .3743 independent and .3687 multitask at the best couplings, .3700 for the
validation choice; the paper's best entry (a network) is .367.
"""

import dataclasses

import numpy as np

from experiments.rmt_forecasting.problems import (
    AR_ROWS,
    PAPER_BEST,
    DataConfig,
    Problem,
    at_position,
    check_results,
    files,
    memory,
    problems,
    stands_in,
    warn_of_gcv,
)
from experiments.rmt_forecasting.ridge import (
    GAMMAS,
    LAM_LABELS,
    LAMS,
    METHODS,
    SELECTIONS,
    Scores,
    ar_scores,
    block_errors,
    choose,
    grid_scores,
)
from mtrl.harness import (
    Claim,
    Figure,
    Interval,
    between,
    evaluate,
    exact,
    field,
    less_than_zero,
    mean_interval,
    over_seeds,
)

BLOCKS = 10  # contiguous blocks of test windows that stand in for replicates of a recorded series


@dataclasses.dataclass(frozen=True)
class LinearConfig(DataConfig):
    """Independent, pooled and multitask ridge on windows."""

    seeds: int = field(20, help="draws of the AR stand-in; recorded series use blocks of test windows instead", lower=2)
    select: str = field("val", help="how couplings are selected", choices=SELECTIONS)


def measure_problem(problem: Problem, seeds) -> tuple[Scores, np.ndarray, np.ndarray]:
    """Mean scores over the grid, test errors (select, method, replicate) and the chosen (gamma, lam) beside them."""
    gammas, lams = np.array(GAMMAS), np.array(LAMS)
    sizes = dict(split=problem.split, lookback=problem.lookback, horizon=problem.horizon)
    if problem.series is None:
        every = over_seeds(ar_scores, seeds, problem.share, gammas, lams, rows=AR_ROWS, **sizes)
        each = [Scores(*(part[i] for part in every)) for i in range(len(seeds))]
    else:
        each = [Scores(*evaluate(grid_scores, problem.series, gammas, lams, **sizes))]
    picks = np.array(
        [[[choose(scores, method, select) for scores in each] for method in METHODS] for select in SELECTIONS]
    )
    chosen = np.stack([gammas[picks[..., 0]], lams[picks[..., 1]]])  # (2, select, method, replicate)
    for scores in each:
        check_results(problem, train=scores.train, validation=scores.validation, test=scores.test)
    mean = Scores(*(np.mean([scores[i] for scores in each], axis=0) for i in range(len(Scores._fields))))
    if problem.series is None:
        rows = np.arange(len(seeds))
        return mean, np.stack([s.test for s in each])[rows, picks[..., 0], picks[..., 1]], chosen
    blocks = evaluate(block_errors, problem.series, np.ravel(chosen[0]), np.ravel(chosen[1]), blocks=BLOCKS, **sizes)
    return mean, blocks.reshape(len(SELECTIONS), len(METHODS), BLOCKS), np.repeat(chosen, BLOCKS, axis=-1)


def run(config: LinearConfig, seeds):
    """Every problem; replicates are draws for the AR stand-in and blocks of test windows for recorded series, padded by NaN."""
    import xarray as xr

    warn_of_gcv(config.select)
    found = problems(config)
    width = max(len(seeds), BLOCKS)
    results = [measure_problem(problem, seeds) for problem in found]

    def padded(array):
        return np.pad(array, [(0, 0)] * (array.ndim - 1) + [(0, width - array.shape[-1])], constant_values=np.nan)

    four = ("problem", "select", "method", "replicate")
    data = xr.Dataset(
        {
            "error": (four, np.stack([padded(errors) for _, errors, _ in results])),
            "gamma_chosen": (four, np.stack([padded(chosen[0]) for _, _, chosen in results])),
            "lam_chosen": (four, np.stack([padded(chosen[1]) for _, _, chosen in results])),
            "level": ("problem", [float(scores.level) for scores, _, _ in results]),
            **{
                name: (("problem", "gamma", "lam"), np.stack([getattr(scores, name) for scores, _, _ in results]))
                for name in ("train", "validation", "test", "gcv")
            },
        },
        coords={
            "problem": [problem.label for problem in found],
            "select": list(SELECTIONS),
            "method": list(METHODS),
            "gamma": list(GAMMAS),
            "lam": list(LAMS),
        },
        attrs={"selected_by": config.select},
    )
    for name in ("error", "level", "train", "validation", "test", "gcv"):
        data[name].attrs["units"] = "squared standard deviations of the channel"
    return data


def draw(data, config):
    """Top: test error against lam, one line per gamma; bottom: each method under each selection."""
    from matplotlib.ticker import FuncFormatter

    from mtrl.harness import style

    labels = list(data.problem.values)
    figure, axes = style.subplots(2, len(labels), width=4.3, height=3.3)
    shown = [g for g in (0.001, 0.01, 0.1, 1.0, 10.0)]
    ticks = np.arange(len(LAMS))
    for column, label in enumerate(labels):
        part = data.sel(problem=label)
        top, bottom = axes[0, column], axes[1, column]
        for i, gamma in enumerate(shown):
            top.plot(ticks, part.test.sel(gamma=gamma), color=style.COLORS[i], marker=".", label=f"γ = {gamma:g}")
        top.plot(ticks[1:], part.test.sel(gamma=0.0)[1:], color="black", linestyle="--", label="pooled (γ = 0)")
        best, level = float(part.test.min()), float(part.level)
        span = max(1.08 * float(part.test.sel(lam=0.0, gamma=1.0)), level if level < 1.3 * best else 0.0) - best
        top.set_ylim(best - 0.15 * span, best + 1.3 * span)
        top.set_xticks(ticks, LAM_LABELS)
        top.set(title=label, xlabel="λ (large = much sharing)", ylabel="test MSE" if column == 0 else "")
        for i, select in enumerate(SELECTIONS):
            values = part.error.sel(select=select).dropna("replicate").values  # (method, replicate)
            place = np.arange(len(METHODS)) + 0.22 * (i - 1)
            half = style.half_width((values - values[:1]).T)
            bottom.errorbar(
                place,
                values.mean(1),
                half,
                fmt=style.MARKERS[i],
                color=style.COLORS[i],
                capsize=2,
                label=f"{select} choice",
            )
        if label in PAPER_BEST:
            bottom.axhline(PAPER_BEST[label], color="black", linewidth=0.8, linestyle=":")
            style.paper(bottom, [2.42], [PAPER_BEST[label]], label="paper's best (a network)")
        bottom.set_xticks(range(len(METHODS)), METHODS, fontsize=9)
        bottom.set_xlim(-0.5, 2.6)
        bottom.margins(y=0.25)
        bottom.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{y:.4f}"))
        bottom.set(ylabel="test MSE" if column == 0 else "")
        bottom.set_title(f"window mean: {level:.3f}", fontsize=9)
    axes[0, -1].legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    axes[1, -1].legend(
        loc="upper left", bbox_to_anchor=(1.0, 1.0), title="bars: 95% of the\ndifference to\nindependent"
    )
    return figure


def difference(data, position: int) -> Interval:
    """Relative difference of multitask to independent test error on the data set at `position`, over its replicates."""
    errors = data.error.isel(problem=position).sel(select=data.attrs["selected_by"]).dropna("replicate")
    independent = errors.sel({"method": "independent"})
    return mean_interval((errors.sel({"method": "multitask"}) - independent) / float(independent.mean()))


def selected_error(data, label: str) -> Interval:
    """Test error of the selected multitask ridge."""
    ours = data.error.sel({"problem": label, "select": data.attrs["selected_by"], "method": "multitask"}).mean()
    return exact(ours)


def _reaches(label: str, note: str = "") -> Claim:
    return Claim(
        text=f"{label}: the selected multitask ridge comes within 1% of the paper's best forecaster",
        paper=f"table 1: {PAPER_BEST[label]:g}, a network",
        measure=lambda data: selected_error(data, label),
        accepts=between(0.99 * PAPER_BEST[label], 1.01 * PAPER_BEST[label]),
        unit="squared standard deviations of the channel",
        value=PAPER_BEST[label],
        reason="1 % is ours",
        note="on the benchmark file" + note,
        applies=lambda data: label in data.problem.values,
    )


_ETTH2 = (
    "; the best coupling of the grid by the test error itself, which is how the paper chooses, gives .2690 and comes within .8%; "
    "choosing on the validation windows costs the other half percent"
)


def _beats(position: int, word: str) -> Claim:
    return Claim(
        text=f"{word} data set: multitask ridge has a lower test error than independent ridges (relative difference)",
        paper="section 5.3: multitask regularisation improves univariate forecasting (ordering)",
        measure=lambda data: difference(data, position),
        accepts=less_than_zero,
        unit="relative",
        stand_in=stands_in(position),
        note="interval over draws of the AR stand-in, over 10 blocks of test windows for recorded series (neighbouring blocks share a "
        "window); a recorded test period cannot be drawn again: to decide, at the spread seen, ETTh1 and ETTh2 would have to be about "
        "2 times and the macro series about 60 times as long",
        applies=at_position(position),
    )


FIGURE = Figure(
    name="linear",
    headline=True,
    title="Multitask ridge on windows: independent, pooled and multitask",
    config=LinearConfig,
    run=run,
    draw=draw,
    claims=(_beats(0, "first"), _beats(1, "second"), _reaches("ETTh1 H=96"), _reaches("ETTh2 H=96", _ETTH2)),
    memory=memory,
    inputs=files,
    presets={"smoke": dict(seeds=2), "paper": dict(seeds=200, horizons=(96, 192, 336, 720))},
)
