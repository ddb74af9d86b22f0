"""Where pooling, independence and multitask ridge each win: the AR stand-in with a growing common part.

Derived here, not a figure of the paper: between T strangers (share 0) and T copies (share 1), the coupling selected on validation windows
should follow the better of the two extremes, and beat both in between.
"""

import dataclasses

import numpy as np

from experiments.rmt_forecasting.problems import AR_ROWS, STAND_INS, DataConfig, problems, warn_of_gcv
from experiments.rmt_forecasting.ridge import GAMMAS, LAMS, METHODS, SELECTIONS, Scores, ar_scores, choose
from mtrl.harness import BadInput, Claim, Figure, at_least, field, less_than_zero, over_seeds
from mtrl.harness.judge.measures import Measure, mean, value, worst


@dataclasses.dataclass(frozen=True)
class RegimesConfig(DataConfig):
    """Ridge on the AR stand-in, whatever files there are."""

    seeds: int = field(240, help="draws of the AR stand-in", lower=2)
    shares: tuple[float, ...] = field(
        (0.1, 0.3, 0.5, 0.7, 0.9), help="how much the channels have in common", lower=0.0, upper=1.0, distinct=True
    )
    select: str = field("val", help="how couplings are selected", choices=SELECTIONS)

    def validate(self):
        """The largest and smallest share carry the claims."""
        super().validate()
        if len(set(self.shares)) < 2:
            raise BadInput(f"shares got {self.shares}, but needs at least two different values")


def run(config: RegimesConfig, seeds):
    """Selected test error of every method at every share, per seed."""
    import xarray as xr

    warn_of_gcv(config.select)
    plain = dataclasses.replace(config, data_dir="", series=STAND_INS[:1])
    error = []
    for problem in problems(plain):
        sizes = dict(split=problem.split, lookback=problem.lookback, horizon=problem.horizon, rows=AR_ROWS)
        every = over_seeds(ar_scores, seeds, problem.share, np.array(GAMMAS), np.array(LAMS), **sizes)
        each = [Scores(*(part[i] for part in every)) for i in range(len(seeds))]
        picked = [[scores.test[choose(scores, method, config.select)] for scores in each] for method in METHODS]
        error.append([*picked, [float(scores.level) for scores in each]])
    data = xr.Dataset(
        {"error": (("share", "method", "seed"), np.array(error))},
        coords={"share": list(config.shares), "method": [*METHODS, "window mean"], "seed": np.asarray(seeds)},
    )
    data.error.attrs["units"] = "squared standard deviations of the channel"
    return data


def draw(data, config):
    """Test error of each method minus that of independent ridges."""
    from mtrl.harness import style

    figure, axes = style.subplots(1, 1, width=6.2, height=3.8)
    ax = axes[0, 0]
    base = data.error.sel({"method": "independent"})
    for i, method in enumerate(["pooled", "multitask", "window mean"]):
        relative = (data.error.sel({"method": method}) - base).transpose("seed", "share").values
        place = data.share.values + 0.008 * (i - 1)
        style.band(ax, place, relative, label=method, color=style.COLORS[i], marker=style.MARKERS[i])
        ax.plot(place, relative.mean(0), color=style.COLORS[i], linewidth=0.8)
    ax.axhline(0, color="black", linewidth=0.8, label="independent")
    ax.set(
        xlabel="share of the common autoregression (AR stand-in)",
        ylabel="test MSE minus that of\nindependent ridges",
        title=f"couplings chosen by {config.select}, {data.sizes['seed']} draws",
    )
    ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return figure


def nearest_half(config) -> float:
    """The share nearest .5."""
    return min(config.shares, key=lambda share: abs(share - 0.5))


def pooling(share) -> Measure:
    """Test error of pooling minus that of independent ridges at one share, paired over seeds."""
    errors = value("error", share=share)
    return mean(errors.at(method="pooled") - errors.at(method="independent"))


UNIT = "squared standard deviations of the channel"
HALF = value("error", share=nearest_half)


FIGURE = Figure(
    name="regimes",
    title="Independent, pooled and multitask ridge as channels grow alike (stand-in)",
    config=RegimesConfig,
    run=run,
    draw=draw,
    claims=(
        Claim(
            text="most alike channels: pooling beats independent ridges",
            paper="section 3: the limit gamma -> 0 is pooling (ordering, derived here)",
            measure=pooling(lambda config: max(config.shares)),
            accepts=less_than_zero,
            kind="derived",
            unit=UNIT,
            stand_in=True,
        ),
        Claim(
            text="least alike channels: pooling loses to independent ridges",
            paper="section 3: the limit lam = 0 is independence (ordering, derived here)",
            measure=pooling(lambda config: min(config.shares)),
            accepts=at_least(0.0),
            kind="derived",
            unit=UNIT,
            stand_in=True,
        ),
        Claim(
            text="share nearest .5: selected multitask ridge beats both independent ridges and pooling (the smaller of the two gains)",
            paper="section 5.3: multitask regularisation helps, and own parts V_t matter (ordering)",
            measure=worst(HALF.at(method="multitask") - HALF.at(method=["independent", "pooled"])),
            accepts=less_than_zero,
            unit=UNIT,
            stand_in=True,
        ),
    ),
    presets={
        "smoke": dict(seeds=2, shares=(0.1, 0.9)),
        "paper": dict(seeds=200, shares=(0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0)),
    },
)
