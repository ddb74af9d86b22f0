"""Samples of all tasks that give near-best policies, against their number M."""

import numpy as np

from experiments.policy_identification import protocol
from experiments.policy_identification.protocol import ALONE, DOU, KNOWN, LOOKS, SAMPLES, identify, lanes_of
from mtrl import bandits
from mtrl.harness import Axis, Claim, Figure, at_least, between, dataset, field, less_than_zero, over_seeds
from mtrl.harness.judge.measures import FIRST, LAST, bootstrap, log, lowest, mean, share, value
from mtrl.harness.picture import plots

PAPER = "Du et al. 2023, Theorem 2: M k^2 / eps^2 and a term without M, against M d^2 / eps^2"


class TasksConfig(protocol.ContextConfig, seeds=50):
    """One accuracy, several numbers of tasks."""

    tasks: tuple[int, ...] = field((10, 20, 50, 100), help="numbers of tasks M", lower=1, distinct=True)
    accuracy: float = field(0.2, help="largest policy gap eps", lower=0.01, strict=True)

    def validate(self):
        """Tasks are in equal groups."""
        self.check_tasks(self.tasks)


def run(config, seeds):
    """All methods at all M, as lanes of one program each."""
    lanes, static = lanes_of(config.tasks, config.accuracy), dict(tasks=max(config.tasks), **config.sizes)
    found = [
        over_seeds(identify, seeds, lanes, config.common, in_turn=True, method=name, **static)
        for name in config.methods
    ]
    pulls, features, rounds, gap, _, error = (np.array(x) for x in zip(*found, strict=True))
    dims, theory = ("method", "seed", "tasks"), bandits.exploration.theory
    many = np.array(config.tasks, float)
    rates = [
        theory.policies_alone_rate(many, config.accuracy, dim=config.dim),
        theory.policies_alone_rate(many, config.accuracy, dim=config.rank),
    ]
    return dataset(
        seeds,
        {
            "method": list(config.methods),
            "tasks": Axis(config.tasks, words="number of tasks M"),
            "rate": [ALONE, KNOWN],
        },
        pulls=(dims, pulls, SAMPLES, "samples of all tasks"),
        features=(dims, features, SAMPLES),
        rounds=(dims, rounds, "pulls", "planner rounds per task"),
        gap=(dims, gap, "reward", "largest policy gap of a run"),
        error=(dims, error, "1"),
        rates=(("rate", "tasks"), rates, "1"),
    )


def draw(data, config):
    """Samples with the rates scaled at the first point; largest policy gaps."""
    figure, axes = plots.panel(1, 2, width=4.6, height=3.7)
    left, right = axes[0]
    plots.points(left, data["pulls"], "tasks", "method", LOOKS, spread=0.02)
    for name, words in ((ALONE, "M d^2 / eps^2"), (KNOWN, "M k^2 / eps^2")):
        if name not in config.methods:
            continue
        look, target = LOOKS[name]._replace(words=words, line="--"), data["pulls"].sel({"method": name})
        plots.theory(left, data["rates"].sel(rate=name), "tasks", look=look, scaled=target)
    plots.finish(left, log="xy", ticks=data["tasks"].values, legend=dict(fontsize=7))
    plots.points(right, data["gap"], "tasks", "method", LOOKS, spread=0.02)
    plots.level(right, config.accuracy, "eps", linestyle="--")
    plots.finish(right, log="xy", ticks=data["tasks"].values, ylim=(None, 40 * config.accuracy), legend="upper right")
    return figure


def slopes(ours, theirs, at):
    """Ratio of the least-squares slopes in M."""
    return np.polyfit(at, ours, 1)[0] / np.polyfit(at, theirs, 1)[0]


def total(method, **where):
    """Pulls of a method."""
    return value("pulls", method=method, **where)


def right(method, place):
    """Claim: all policies are within eps with probability 1 - delta."""
    text, paper = (
        f"share of runs of {method} in which every policy is within eps, all M",
        f"{place}: at least 1 - delta = 0.995",
    )
    within = share(value("gap", method=method) - (lambda config: config.accuracy) < 0.0)
    note = "some 765 runs without an error would decide; the interval of fewer reaches below"
    return Claim(text, paper, within, at_least(0.995), unit="share of runs", reason="1 - delta", note=note)


MANY = dict(applies=lambda data: data.sizes["tasks"] > 2)
SHARE = log(total(DOU)) - log(total(ALONE))
FIGURE = Figure(
    __name__,
    headline=True,
    title="Samples that give every task a policy within eps of the best, against the number of tasks",
    question="How many samples give every contextual task a near-best policy, with and without shared features, as tasks are added?",
    claims=(
        Claim("C-DouExpDes takes fewer samples than IndRFLinUCB at the largest M", PAPER + " (ordering)", mean(SHARE.at(tasks=LAST)),
              less_than_zero, unit="log ratio"),
        Claim("its share of IndRFLinUCB's samples falls from the smallest to the largest M", PAPER + " (ordering)",
              mean(SHARE.at(tasks=LAST) - SHARE.at(tasks=FIRST)), less_than_zero, unit="log ratio", **MANY),
        Claim("slope in M over that of IndRFLinUCB", PAPER, bootstrap(slopes, total(DOU), total(ALONE), value("tasks")),
              between(0.08, 0.32), unit="1", value=0.16,
              reason="k^2/d^2 and a factor two for beta^2 = k log N + 2 log(M/delta), where log(M/delta) does not fall with k", **MANY),
        right(DOU, "Du et al. 2023, Theorem 2"),
        right(ALONE, "Zanette et al. 2021"),
        Claim.sanity("the known B is a lower envelope at the largest M (minus the lowest of the others)", "no features to find (ordering)",
              lowest(log(value("pulls", tasks=LAST)), KNOWN), less_than_zero, unit="log pulls"),
    ),
    presets={
        "smoke": dict(seeds=2, tasks=(4, 8), accuracy=0.8, methods=(DOU, ALONE)),
        "paper": dict(seeds=200, tasks=(20, 50, 100, 150, 200), accuracy=0.1),
    },
)  # fmt: skip
