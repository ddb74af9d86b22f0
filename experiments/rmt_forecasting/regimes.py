"""Where pooling, independence and multitask ridge each win: the AR stand-in with a growing common part.

Derived here, not a figure of the paper: between T strangers (share 0) and T copies (share 1), the coupling selected on validation windows
should follow the better of the two extremes, and beat both in between.
"""

import dataclasses

from experiments.rmt_forecasting.protocol import BESIDE, LOOK, MSE, SELECTIONS, UNIT, DataConfig, problems, warn_of_gcv
from experiments.rmt_forecasting.ridge import METHODS, all_scores, choose
from mtrl.harness import BadInput, Claim, Figure, at_least, dataset, field, less_than_zero, plots
from mtrl.harness.judge.measures import mean, value, worst


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


def run(config, seeds):
    """Selected test error of every method at every share, per seed."""
    warn_of_gcv(config.select)
    error = []
    for problem in problems(dataclasses.replace(config, data_dir="", series=("AR",))):
        each = all_scores(problem, seeds)
        picked = [[scores.test[choose(scores, method, config.select)] for scores in each] for method in METHODS]
        error.append([*picked, [float(scores.level) for scores in each]])
    coords = {"share": config.shares, "method": [*METHODS, "window mean"]}
    return dataset(seeds, coords, error=(("share", "method", "seed"), error, UNIT))


def draw(data, config):
    """Test error of each method minus that of independent ridges."""
    figure, axes = plots.panel(width=6.2, height=3.8)
    ax = axes[0, 0]
    relative = data["error"] - data["error"].sel({"method": "independent"})
    plots.points(ax, relative, "share", "method", LOOK, spread=0.008, linestyle="-", linewidth=0.8)
    plots.level(ax, 0, "independent", color="black", linewidth=0.8)
    words = dict(x="share of the common autoregression (AR stand-in)", y=f"{MSE},\nminus that of independent ridges")
    title = f"couplings chosen by {config.select}, {data.sizes['seed']} draws"
    plots.finish(ax, **words, title=title, legend=BESIDE)
    return figure


def nearest_half(config):
    """The share nearest .5."""
    return min(config.shares, key=lambda share: abs(share - 0.5))


def loss(share, method, other):
    """Test error of a method minus that of others at one share, paired over seeds."""
    return value("error", share=share, method=method) - value("error", share=share, method=other)


FIGURE = Figure(
    __name__,
    title="Independent, pooled and multitask ridge as channels grow alike (stand-in)",
    question="As the channels grow alike, when does pooling win, and does the tuned multitask ridge always keep up with the better one?",
    claims=(
        Claim.derived("most alike channels: pooling beats independent ridges",
                      "section 3: the limit gamma -> 0 is pooling (ordering, derived here)",
                      mean(loss(lambda config: max(config.shares), "pooled", "independent")), less_than_zero, unit=UNIT,
                      stand_in=True),
        Claim.derived("least alike channels: pooling loses to independent ridges",
                      "section 3: the limit lam = 0 is independence (ordering, derived here)",
                      mean(loss(lambda config: min(config.shares), "pooled", "independent")), at_least(0.0), unit=UNIT,
                      stand_in=True),
        Claim("share nearest .5: selected multitask ridge beats both independent ridges and pooling (the smaller of the two gains)",
              "section 5.3: multitask regularisation helps, and own parts V_t matter (ordering)",
              worst(loss(nearest_half, "multitask", ["independent", "pooled"])), less_than_zero, unit=UNIT, stand_in=True),
    ),
    presets={"smoke": dict(seeds=2, shares=(0.1, 0.9)), "paper": dict(seeds=200, shares=(0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0))},
)  # fmt: skip
