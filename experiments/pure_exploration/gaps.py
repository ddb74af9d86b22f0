"""Samples of all tasks against the difficulty 1/Delta_min^2, and how the first stage grows with it.

Gaps are 0.75 times powers of two: the number of phases jumps where the gap is a power of two, and runs at one would need either.
"""

import numpy as np

from experiments.pure_exploration import protocol
from experiments.pure_exploration.protocol import DOU, KNOWN, LOOKS, RAGE, SAMPLES, total, unnamed
from mtrl.harness import Axis, Claim, Figure, at_least, at_most, between, dataset, field, over_seeds
from mtrl.harness.judge.measures import FIRST, LAST, bootstrap, mean, share, slope, value, worst
from mtrl.harness.picture import plots

SCALED = "DouExpDes, L_w = Delta, long batches"
LOOK = {name: LOOKS.get(name, plots.looks("abcdef")["f"]._replace(words=SCALED)) for name in (DOU, SCALED, RAGE, KNOWN)}
PAPER = "Du et al. 2023, Theorem 1: k / Delta^2 against d / Delta^2 for every task"


class GapsConfig(protocol.CanonicalConfig, seeds=50):
    """One number of tasks, several gaps."""

    tasks: int = field(100, help="number of tasks M", lower=1)
    gaps: tuple[float, ...] = field(
        (0.75, 0.375, 0.1875, 0.09375), help="smallest gaps Delta_min", lower=1e-3, upper=1.0, distinct=True
    )
    methods: tuple[str, ...] = field(tuple(LOOK), help="methods", choices=tuple(LOOK), distinct=True)
    rounds: int = field(2000, help="pulls p of a long batch", lower=2)

    def validate(self):
        """Tasks show the features."""
        self.check_tasks((self.tasks,))


def run(config, seeds):
    """All methods at all gaps; the sizes of `SCALED` know how long the heads are."""
    common, sizes, runs = protocol.common_of(config), dict(dim=config.dim, rank=config.rank), []
    for name in config.methods:
        heads, rounds = (config.gaps, config.rounds) if name == SCALED else (1.0, 20 * config.dim)
        lanes, method = protocol.lanes_of(config.tasks, config.gaps, config, heads), DOU if name == SCALED else name
        found = over_seeds(
            protocol.identify, seeds, lanes, common, method=method, tasks=config.tasks, rounds=rounds, **sizes
        )
        runs.append((*found[:3], protocol.predicted(method, lanes, common, rounds=rounds, **sizes)))
    pulls, features, wrong, lines = (np.array(x) for x in zip(*runs, strict=True))
    dims = ("method", "seed", "difficulty")
    return dataset(
        seeds,
        {"method": list(config.methods), "difficulty": Axis(np.array(config.gaps) ** -2.0, words="1 / Delta_min^2")},
        pulls=(dims, pulls, SAMPLES, "samples of all tasks"),
        features=(dims, features, "1", "share of the first stage"),
        wrong=(dims, wrong.astype(float), "1"),
        predicted=(dims[::2], lines, SAMPLES),
    )


def draw(data, config):
    """Samples with their predictions; what share of them the first stage takes."""
    figure, axes = plots.panel(1, 2, width=4.8, height=3.7)
    left, right = axes[0]
    plots.points(left, data["pulls"], "difficulty", "method", LOOK, spread=0.03)
    plots.theory(left, data["predicted"], "difficulty", "method", unnamed(LOOK))
    plots.finish(left, log="xy", title=f"M = {config.tasks}; marker: simulation, line: prediction")
    plots.points(right, data["features"], "difficulty", "method", {n: LOOK[n] for n in (DOU, SCALED)})
    plots.finish(right, log="x", ylim=(0, 1.05))
    return figure


def ratio(ours, theirs):
    """Ratio of the increments from the second-hardest to the hardest instance."""
    return (ours[-1] - ours[-2]) / (theirs[-1] - theirs[-2])


MANY = dict(applies=lambda data: data.sizes["difficulty"] > 2)
FIGURE = Figure(
    __name__,
    title="Samples that name every task's best arm, against 1/Delta_min^2",
    question="How do the samples grow as the best arm becomes harder to tell from the next?",
    claims=(
        Claim("exponent of IndRAGE's samples in 1/Delta^2", PAPER, slope(total(RAGE), "difficulty"), between(0.95, 1.15),
              unit="1", value=1.0, reason="one, and log(1/delta_t) of the phases, which grows", **MANY),
        Claim("exponent of the samples of DouExpDes whose sizes know L_w", PAPER, slope(total(SCALED), "difficulty"),
              between(0.95, 1.15), unit="1", value=1.0, reason="one, and log(1/delta_t) of the phases, which grows", **MANY),
        Claim("increment of its samples over that of IndRAGE between the hardest two", PAPER,
              bootstrap(ratio, total(SCALED), total(RAGE)), between(0.38, 0.46), unit="1", value=0.4,
              reason="k/d = 0.4 and the first stage, a few percent", **MANY),
        Claim.derived("with L_w = 1 for heads of length Delta the first stage takes a growing share (hardest minus easiest)",
              "derived: T ~ 1/Delta^2 (k^2/omega + ...) with omega = Delta^2; the paper's bound has L_w and L_theta in it",
              mean(value("features", method=DOU, difficulty=LAST) - value("features", method=DOU, difficulty=FIRST)),
              at_least(0.2), unit="share", reason="ours", **MANY),
        Claim.derived("largest relative distance of the samples from their prediction, all methods", "sizes of every phase, derived",
              worst(abs(value("pulls") / value("predicted") - 1)), at_most(0.01), unit="1", value=0.0,
              reason="a percent, for rounding up and designs at their certificate"),
        Claim("share of runs in which every task gets its best arm, all methods and gaps", "wrong at most with delta = 0.005 each",
              share(value("wrong") < 0.5), at_least(0.995), unit="share of runs"),
    ),
    presets={"smoke": dict(seeds=2, tasks=4, gaps=(0.75, 0.375), methods=(SCALED,)), "paper": dict(seeds=200)},
)  # fmt: skip
