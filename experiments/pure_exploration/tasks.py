"""Samples of all tasks against their number M: what shared features save, and from how many tasks on."""

import numpy as np

from experiments.pure_exploration import protocol
from experiments.pure_exploration.protocol import DOU, KNOWN, LOOKS, METHODS, RAGE, SAMPLES, total, unnamed
from mtrl.harness import Axis, Claim, Figure, at_least, at_most, between, dataset, field, less_than_zero, over_seeds
from mtrl.harness.judge.measures import FIRST, LAST, bootstrap, crossing, log, lowest, mean, share, value, worst
from mtrl.harness.picture import plots

SHARING = {name: LOOKS[name] for name in (DOU, KNOWN)}
PAPER = "Du et al. 2023, Theorem 1: M k / Delta^2 and a term without M, against M d / Delta^2"


class TasksConfig(protocol.CanonicalConfig, seeds=200):
    """One gap, several numbers of tasks."""

    tasks: tuple[int, ...] = field((10, 20, 50, 100, 150, 200), help="numbers of tasks M", lower=1, distinct=True)
    gap: float = field(0.4, help="smallest gap Delta_min", lower=0.0, strict=True)
    methods: tuple[str, ...] = field(METHODS, help="methods", choices=METHODS, distinct=True)

    def validate(self):
        """Tasks show the features."""
        self.check_tasks(self.tasks)


def run(config, seeds):
    """All methods at all M, as lanes of one program each."""
    lanes, common = protocol.lanes_of(config.tasks, config.gap, config), protocol.common_of(config)
    sizes = dict(dim=config.dim, rank=config.rank)
    static = dict(tasks=max(config.tasks), **sizes)
    found = [over_seeds(protocol.identify, seeds, lanes, common, method=name, **static) for name in config.methods]
    pulls, features, wrong, _ = (np.moveaxis(np.array(x), 2, 1) for x in zip(*found, strict=True))
    lines = [
        np.asarray(protocol.predicted(name, lanes, common, rounds=20 * config.dim, **sizes)) for name in config.methods
    ]
    dims = ("method", "tasks", "seed")
    return dataset(
        seeds,
        {"method": list(config.methods), "tasks": Axis(config.tasks, words="number of tasks M")},
        pulls=(dims, pulls, SAMPLES, "samples of all tasks"),
        features=(dims, features, "1", "share of the first stage"),
        wrong=(dims, wrong.astype(float), "1"),
        predicted=(dims[:2], lines, SAMPLES),
    )


def draw(data, config):
    """Samples with their predictions, and over those of independent learning."""
    figure, axes = plots.panel(1, 2, width=4.6, height=3.7)
    left, right = axes[0]
    plots.points(left, data["pulls"], "tasks", "method", LOOKS, spread=0.02)
    plots.theory(left, data["predicted"], "tasks", "method", unnamed(LOOKS))
    plots.finish(left, log="xy", ticks=data["tasks"].values, title="marker: simulation, line: prediction")
    ratio = data["pulls"] / data["pulls"].sel({"method": RAGE}).mean("seed")
    plots.points(right, ratio, "tasks", "method", SHARING)
    line = data["predicted"] / data["predicted"].sel({"method": RAGE})
    plots.theory(right, line, "tasks", "method", unnamed(SHARING))
    plots.level(right, config.rank / config.dim, "k / d", linestyle="--")
    plots.finish(right, y="samples over IndRAGE's", ticks=data["tasks"].values)
    return figure


def slopes(ours, theirs, at):
    """Ratio of the least-squares slopes in M."""
    return np.polyfit(at, ours, 1)[0] / np.polyfit(at, theirs, 1)[0]


def right(method, place):
    """Claim: a method's answers are right with probability 1 - delta."""
    text = f"share of runs of {method} in which every task gets its best arm, all M"
    named = share(value("wrong", method=method) < 0.5)
    return Claim(text, f"{place}: at least 1 - delta = 0.995", named, at_least(0.995), unit="share of runs")


MANY = dict(applies=lambda data: data.sizes["tasks"] > 2)
SHARE = total(DOU) / total(RAGE)
LINES = value("predicted")
FIGURE = Figure(
    __name__,
    headline=True,
    title="Samples that name every task's best arm, against the number of tasks",
    question="How many samples name every task's best arm, with and without shared features, as tasks are added?",
    claims=(
        Claim("DouExpDes takes fewer samples than IndRAGE at the largest M", PAPER + " (ordering)",
              mean(log(SHARE.at(tasks=LAST))), less_than_zero, unit="log ratio"),
        Claim("its share of IndRAGE's samples falls from the smallest to the largest M", PAPER + " (ordering)",
              mean(log(SHARE.at(tasks=LAST)) - log(SHARE.at(tasks=FIRST))), less_than_zero, unit="log ratio", **MANY),
        Claim("slope in M over that of IndRAGE", PAPER, bootstrap(slopes, total(DOU), total(RAGE), value("tasks")),
              between(0.38, 0.42), unit="1", value=0.4, reason="k/d = 0.4 and 5 % for log M and rounding up", **MANY),
        Claim.derived("M from which sharing pays, over its prediction", "derived from the sizes of both methods",
              crossing(total(DOU), total(RAGE), "tasks", over=LINES.then(protocol.meeting)), between(0.9, 1.1), unit="1", value=1.0,
              reason="a tenth, for the grid between which both are interpolated", **MANY),
        right(DOU, "Du et al. 2023, Theorem 1"),
        right(RAGE, "Fiez et al. 2019, Theorem 2"),
        Claim.derived("largest relative distance of the samples from their prediction, all methods", "sizes of every phase, derived",
              worst(abs(value("pulls") / LINES - 1)), at_most(0.01), unit="1", value=0.0,
              reason="a percent, for rounding up and designs at their certificate"),
        Claim.sanity("the known B is a lower envelope at the largest M (minus the lowest of the others)", "no features to find (ordering)",
              lowest(log(value("pulls", tasks=LAST)), KNOWN), less_than_zero, unit="log pulls"),
    ),
    presets={
        "smoke": dict(seeds=2, tasks=(4, 8), gap=0.8, methods=(DOU, RAGE)),
        "paper": dict(seeds=1000, tasks=(10, 20, 50, 100, 150, 200, 500, 1000)),
    },
)  # fmt: skip
