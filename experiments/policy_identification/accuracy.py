"""Samples of all tasks against the accuracy 1/eps, with the exponent 2 that both theorems give."""

import numpy as np

from experiments.policy_identification.protocol import ALONE, DOU, LOOKS, SAMPLES, ContextConfig, identify, lanes_of
from mtrl.harness import Axis, Claim, Figure, at_least, between, dataset, field, over_seeds
from mtrl.harness.judge.measures import LAST, bootstrap, share, slope, value
from mtrl.harness.picture import plots

PAPER = "Du et al. 2023, Theorem 2: both terms as 1 / eps^2"


class AccuracyConfig(ContextConfig):
    """One number of tasks, several accuracies."""

    tasks: int = field(50, help="number of tasks M", lower=1)
    accuracies: tuple[float, ...] = field(
        (0.8, 0.4, 0.2, 0.1), help="largest policy gaps eps", lower=0.01, strict=True, distinct=True
    )

    def validate(self):
        """Tasks are in equal groups."""
        self.check_tasks((self.tasks,))


def run(config, seeds):
    """All methods at all accuracies, as lanes of one program each."""
    lanes, static = lanes_of(config.tasks, config.accuracies), dict(tasks=config.tasks, **config.sizes)
    found = [
        over_seeds(identify, seeds, lanes, config.common, in_turn=True, method=name, **static)
        for name in config.methods
    ]
    pulls, features, rounds, gap, _, _ = (np.array(x) for x in zip(*found, strict=True))
    dims, inverse = ("method", "seed", "inverse"), 1 / np.array(config.accuracies)
    return dataset(
        seeds,
        {"method": list(config.methods), "inverse": Axis(inverse, words="1 / eps")},
        pulls=(dims, pulls, SAMPLES, "samples of all tasks"),
        features=(dims, features, SAMPLES),
        rounds=(dims, rounds, "pulls", "planner rounds per task"),
        excess=(dims, gap * inverse, "eps", "largest policy gap of a run"),
    )


def draw(data, config):
    """Samples, planner rounds, and policy gaps in units of eps."""
    figure, axes = plots.panel(1, 3, width=4.0, height=3.6)
    for ax, name in zip(axes[0], ("pulls", "rounds", "excess"), strict=True):
        plots.points(ax, data[name], "inverse", "method", LOOKS, spread=0.02)
        plots.finish(ax, log="xy", ticks=data["inverse"].values)
    guide = data["pulls"].sel({"method": ALONE}).mean("seed")
    square = (guide["inverse"] / guide["inverse"][0]) ** 2 * float(guide[0])
    plots.theory(
        axes[0, 0], square, "inverse", look=LOOKS[ALONE]._replace(words="1 / eps^2, from the first point", line="--")
    )
    plots.finish(axes[0, 0], y="samples of all tasks [pulls]")
    plots.level(axes[0, 2], 1.0, linestyle="--")
    return figure


def ratio(ours, theirs):
    """Planner rounds at the smallest eps."""
    return ours / theirs


LOGARITHM = "between 2 and 2 / (1 - d / (d log N + 2 log(M/delta))), at most 2.2: the logarithm of N in beta"
MANY = dict(applies=lambda data: data.sizes["inverse"] > 2)
FIGURE = Figure(
    __name__,
    title="Samples that give every task a policy within eps of the best, against 1/eps",
    question="How do the samples grow with the accuracy asked for, with and without shared features?",
    claims=(
        *(Claim(f"exponent of {words} samples in 1/eps", PAPER, slope(value("pulls", method=method), "inverse"), between(1.9, 2.2),
                unit="1", value=2.0, reason=LOGARITHM, **MANY)
          for method, words in ((DOU, "C-DouExpDes'"), (ALONE, "IndRFLinUCB's"))),
        Claim("planner rounds of C-DouExpDes over IndRFLinUCB's at the smallest eps", "k^2 / d^2 (Theorem 2)",
              bootstrap(ratio, value("rounds", method=DOU, inverse=LAST), value("rounds", method=ALONE, inverse=LAST)),
              between(0.08, 0.32), unit="1", value=0.16,
              reason="k^2/d^2 = 0.16 and a factor two for beta^2 = k log N + 2 log(M/delta), where log(M/delta) does not fall with k"),
        Claim("share of runs in which every policy is within eps, all methods and accuracies", "not with at most delta = 0.005",
              share(value("excess") < 1.0), at_least(0.995, "1 - delta"), unit="share of runs",
              note="some 765 runs without an error would decide; the interval of fewer reaches below"),
    ),
    presets={"smoke": dict(seeds=2, tasks=4, accuracies=(1.0, 0.7), methods=(ALONE,)), "paper": dict(seeds=200, tasks=100)},
)  # fmt: skip
