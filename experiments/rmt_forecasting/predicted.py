"""The risk predicted from the training windows beside the risk observed on the test windows.

Two predictions for every lam at one gamma: task-wise GCV, `|QY|_t^2/n_t / (tr Q_tt/n_t)^2`, and the deterministic equivalent of the paper
(Ilbert et al. 2024, theorem on the test risk) with estimated covariances, hyperplanes and noise. Both assume independent samples. Windows
of stride 1 share all but one row, so there both are too optimistic; windows of stride L + H share none. For the AR stand-in the theory's
inputs come from a long series with the same coefficients, which is also the test series. For recorded series they come from ALL train
windows and one pilot fit to them at the coupling GCV chooses (a plug-in), whichever windows the estimator itself gets.

The theory also assumes that test and train samples come from one law and that the samples of different tasks are independent. Channels
recorded at the same time are not, and the test months of a recorded series differ from its train months. To tell the two apart, recorded
series get a third curve: the error on held-out blocks of the training period (every window that touches the block is left out, in all
channels at once), where the months are the same.
"""

import dataclasses
import warnings

import numpy as np

from experiments.rmt_forecasting import predicted_curves, protocol
from experiments.rmt_forecasting.protocol import LOOK, MSE, UNIT, on
from experiments.rmt_forecasting.ridge import GAMMAS, LAM_LABELS, LAM_WORDS, LAMS
from mtrl.harness import Claim, Figure, at_most, dataset, evaluate, exact, field, less_than_zero, over_seeds, plots
from mtrl.harness.judge.measures import SEED, bootstrap, mean


@dataclasses.dataclass(frozen=True)
class PredictedConfig(protocol.DataConfig):
    """Predicted and observed test error against lam."""

    seeds: int = field(240, help="draws of the AR stand-in", lower=2)
    folds: int = field(5, help="blocks of the training period of a recorded series, each held out once", lower=2)
    gamma: float = field(0.1, help="strength of the channels' own parts", lower=0.0, strict=True)
    population: int = field(20000, help="rows of the long series that gives the AR stand-in's true moments", lower=1000)


def curves_of(problem, config, seeds, stride):
    """All curves of a problem, seeds first; a recorded series has one replicate, the other seeds are NaN."""
    grid, sizes = (config.gamma, np.array(GAMMAS), np.array(LAMS)), dict(problem.sizes, stride=stride)
    if problem.series is None:
        sizes |= dict(rows=protocol.AR_ROWS, population=config.population)
        found = over_seeds(predicted_curves.ar_curves, seeds, problem.share, *grid, **sizes)
        protocol.check_results(problem, observed=found.observed)
        return found
    found = evaluate(predicted_curves.recorded_curves, problem.series, *grid, folds=config.folds, **sizes)
    protocol.check_results(problem, observed=found.observed)
    ends = [[(0, len(seeds) - 1), *[(0, 0)] * part.ndim] for part in found]
    return [np.pad(part[None], end, constant_values=np.nan) for part, end in zip(found, ends, strict=True)]


def run(config, seeds):
    """Both strides for every problem."""
    what = "overlapping windows are not independent samples: GCV on them is optimistic; this figure shows by how much"
    warnings.warn(what, stacklevel=2)
    found = protocol.problems(config)
    results = [[curves_of(p, config, seeds, stride) for stride in (1, p.lookback + p.horizon)] for p in found]
    curves = [[[both[k][i] for k in (0, 1)] for both in results] for i in range(len(predicted_curves.Curves._fields))]
    dims = ("problem", "windows", "seed", "lam")
    return dataset(
        seeds,
        {"problem": [p.label for p in found], "windows": ["overlapping", "disjoint"], "lam": LAMS},
        **{
            name: (dims[: np.ndim(values)], values, UNIT)
            for name, values in zip(predicted_curves.Curves._fields, curves, strict=True)
        },
    )


def draw(data, config):
    """One column per problem, one row per way of cutting windows."""
    labels, ticks = data["problem"].values, np.arange(data.sizes["lam"])
    figure, axes = plots.panel(2, len(labels), width=4.4, height=3.2)
    warning = "overlapping windows: predictions assume\nindependence, which fails here"
    for (row, column), ax in np.ndenumerate(axes):
        part = data.isel(windows=row, problem=column).assign_coords(lam=ticks)
        kept = {name: part[name].dropna(SEED) for name in ("observed", "held_out", "theory", "gcv", "train")}
        for name in ("observed", "held_out") if kept["held_out"].size else ("observed",):
            plots.points(ax, kept[name], "lam", look=LOOK[name])
        plots.theory(ax, kept["theory"], "lam", look=LOOK["theory"])
        plots.points(ax, kept["gcv"], "lam", look=LOOK["GCV"], linestyle="--")
        plots.curves(ax, kept["train"], "lam", look=LOOK["train"])
        ax.set_xticks(ticks, LAM_LABELS)
        last = row == 0 and column == len(labels) - 1
        legend = dict(loc="upper left", bbox_to_anchor=(1.0, 1.0), title=f"γ = {config.gamma:g}") if last else None
        title = f"{labels[column]}\n{'disjoint windows' if row else warning}"
        plots.finish(ax, x=LAM_WORDS, y=MSE.removeprefix("test "), title=title, legend=legend)
        ax.title.set_fontsize(9)
    return figure


def off(name, windows, against="observed", **where):
    """Relative error of a prediction on the first data set, (seed, lam)."""
    return on(0, name, windows=windows, **where) / on(0, against, windows=windows, **where) - 1


def over_draws(measure):
    """The measure; a recorded series cannot be drawn again, and its number has no interval."""

    def judged(data, config):
        found = measure(data, config)
        return found if np.isfinite(found.high) else exact(found.value)

    return judged


CLOSE = "figure 3: theory close to the empirical risk on real series (ordering)"
AGREEMENTS = (
    (
        "disjoint windows: the deterministic equivalent predicts the observed test error within 5%",
        CLOSE,
        off("theory", "disjoint"),
        "paper",
        "the test months of a recorded series are not like its train months: without coupling, held-out blocks of these give .575 where "
        "the test months give .687 and the prediction is .559 (ETTh1), .576 where they give .381 and it is .562 (ETTh2)",
    ),
    (
        "disjoint windows: GCV predicts the observed test error within 5%",
        "section 4: risks estimated from training data (derived here for GCV)",
        off("gcv", "disjoint"),
        "derived",
        "GCV leaves out a window of one channel while the same hours of its twin (HUFL and MUFL, correlation .95) stay in the fit: at "
        "lam = 100 it says .16 where held-out blocks give .57; with the channels shifted in time it says .40 and they give .52 (ETTh1)",
    ),
    (
        "disjoint windows, no coupling: the deterministic equivalent predicts the error on held-out blocks of the train months within 5%",
        CLOSE,
        off("theory", "disjoint", "held_out", lam=[0.0]),
        "paper",
        "so far the theory holds; with coupling see the next claim",
    ),
    (
        "disjoint windows, all couplings: the deterministic equivalent predicts the error on held-out blocks of the train months within 5%",
        CLOSE,
        off("theory", "disjoint", "held_out"),
        "paper",
        "channels recorded at the same time are not independent samples, which costs the prediction up to 21% at strong coupling (ETTh1); "
        "shifting the channels against each other in time brings that to 12%",
    ),
)

FIGURE = Figure(
    name="predicted",
    optional=("held_out",),
    title="Test error predicted from the training windows, and observed",
    config=PredictedConfig,
    run=run,
    draw=draw,
    claims=(
        Claim(
            "overlapping windows make GCV optimistic (relative error, first data set)",
            "section 3 assumes independent samples; overlapping windows are not (derived here)",
            over_draws(mean(off("gcv", "overlapping").over("lam"))),
            less_than_zero,
            kind="derived",
            unit="relative",
            stand_in=protocol.stands_in(0),
        ),
        *(
            Claim(
                f"{text} at the worst lam (first data set)",
                paper,
                over_draws(bootstrap(lambda gaps: np.max(np.abs(gaps)), gap)),
                at_most(0.05),
                kind=kind,
                unit="relative",
                value=0.0,
                reason="the paper gives no number; 5 % is ours",
                stand_in=protocol.stands_in(0),
                note=note,
            )
            for text, paper, gap, kind, note in AGREEMENTS
        ),
        Claim(
            "the coupling GCV chooses costs at most 1% over the oracle's (first data set)",
            "section 4: hyper-parameters without validation",
            over_draws(mean(on(0, "choice", windows="overlapping") / on(0, "oracle", windows="overlapping") - 1)),
            at_most(0.01),
            unit="relative",
            reason="the paper gives no number; 1 % is ours",
            stand_in=protocol.stands_in(0),
        ),
    ),
    memory=lambda config: protocol.memory(config) * (3 if config.data_dir else config.seeds),
    inputs=protocol.files,
    presets={
        "smoke": dict(series=("AR",), seeds=2, population=2000),
        "paper": dict(seeds=100, population=200000, horizons=(96, 192, 336, 720)),
    },
)
