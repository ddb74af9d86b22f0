"""Measured, not certified: the mean policy gap after so many planner rounds a task, in k and in d dimensions."""

import numpy as np

from experiments.policy_identification.protocol import ALONE, DOU, KNOWN, LOOKS, ContextConfig, identify, lanes_of
from mtrl.harness import Axis, Claim, Figure, at_most, between, dataset, field, over_seeds
from mtrl.harness.judge.measures import bootstrap, slope, value
from mtrl.harness.picture import plots


class PlannerConfig(ContextConfig, seeds=40):
    """Given numbers of rounds; the features cost what they cost at one accuracy."""

    tasks: int = field(50, help="number of tasks M", lower=1)
    accuracy: float = field(0.2, help="accuracy eps for which the features are learnt", lower=0.01, strict=True)
    rounds: tuple[int, ...] = field(
        (50, 100, 200, 400, 800, 1600), help="planner rounds per task", lower=1, distinct=True
    )

    def validate(self):
        """Tasks are in equal groups."""
        self.check_tasks((self.tasks,))


def run(config, seeds):
    """All methods at all numbers of rounds, as lanes of one program each."""
    lanes = lanes_of(config.tasks, config.accuracy, config.rounds)
    static = dict(tasks=config.tasks, given=True, **config.sizes)
    found = [
        over_seeds(identify, seeds, lanes, config.common, in_turn=True, method=name, **static)
        for name in config.methods
    ]
    _, features, _, _, gap, _ = (np.array(x) for x in zip(*found, strict=True))
    dims = ("method", "seed", "rounds")
    return dataset(
        seeds,
        {"method": list(config.methods), "rounds": Axis(config.rounds, words="planner rounds per task")},
        gap=(dims, gap, "reward", "mean policy gap"),
        features=(dims, features / config.tasks, "pulls", "first stage, per task"),
    )


def draw(data, config):
    """Policy gap against rounds."""
    figure, axes = plots.panel(width=5.0, height=3.8)
    ax = axes[0, 0]
    plots.points(ax, data["gap"], "rounds", "method", LOOKS, spread=0.03)
    paid = float(data["features"].max("method").mean())
    plots.finish(
        ax, log="xy", ticks=data["rounds"].values, title=f"the features cost {paid:.3g} pulls per task besides"
    )
    return figure


def gap(method, **where):
    """Mean policy gap of a method."""
    return value("gap", method=method, **where)


MANY = dict(applies=lambda data: data.sizes["rounds"] > 2)
AT = dict(rounds=200)
FIGURE = Figure(
    __name__,
    title="Policy gap after a given number of planner rounds, with shared features and without",
    question="After a given number of planner rounds, how much better are the policies with shared features?",
    claims=(
        Claim.reference("mean policy gap at 200 rounds in the recovered features over that in d dimensions",
              "0.0054 against 0.0256 by an independent program written from the paper, ratio 0.21",
              bootstrap(lambda ours, theirs: ours / theirs, gap(DOU, **AT), gap(ALONE, **AT)), between(0.1, 0.42),
              unit="1", value=0.21, reason="a factor two: instances and constants of that program are not known"),
        Claim.sanity("mean policy gap at 200 rounds in the true features over that in d dimensions",
              "k of d directions to learn (ordering)", bootstrap(lambda ours, theirs: ours / theirs, gap(KNOWN, **AT), gap(ALONE, **AT)),
              at_most(0.5), unit="1", reason="half, ours: the rates say k/d = 0.4 or less"),
        Claim.derived("exponent of the policy gap in the rounds, in d dimensions",
              "derived: wrong choices cost what they overlook, gap ~ 1/N", slope(gap(ALONE), "rounds"), between(-1.3, -0.7), unit="1",
              value=-1.0, reason="a third, ours", **MANY),
    ),
    presets={"smoke": dict(seeds=2, tasks=4, rounds=(50, 200), accuracy=0.8, methods=(ALONE, KNOWN)), "paper": dict(seeds=500, tasks=100)},
)  # fmt: skip
