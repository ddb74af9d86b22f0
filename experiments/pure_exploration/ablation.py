"""What each part of DouExpDes is for: designs exchanged, no noise correction, data kept, wrong k and wrong omega."""

import numpy as np

from experiments.pure_exploration import programs
from experiments.pure_exploration.protocol import SAMPLES, CanonicalConfig, common_of
from mtrl import bandits
from mtrl.harness import Claim, Figure, at_least, at_most, between, dataset, field, less_than_zero, over_seeds
from mtrl.harness.judge.measures import log, mean, value
from mtrl.harness.picture import plots

PLAIN = "as in the paper"
# name -> (designs and choices, change of k, factor on omega, correction)
VARIANTS = {
    PLAIN: ({}, 0, 1.0, 1.0),
    "omega / 4": ({}, 0, 0.25, 1.0),
    "4 omega": ({}, 0, 4.0, 1.0),
    "G for E": ({"design": "G"}, 0, 1.0, 1.0),
    "G for E, no correction": ({"design": "G"}, 0, 1.0, 0.0),
    "E, no correction": ({}, 0, 1.0, 0.0),
    "uniform for E": ({"design": "uniform"}, 0, 1.0, 1.0),
    "uniform for XY": ({"allocation": "uniform"}, 0, 1.0, 1.0),
    "data kept": ({"reuse": True}, 0, 1.0, 1.0),
    "k - 1": ({}, -1, 1.0, 1.0),
    "k + 1": ({}, 1, 1.0, 1.0),
}
NAMES = tuple(VARIANTS)
MEANS = {
    "pulls": "samples of all tasks", "error": "error of the features", "wrong": "tasks wrong [share]", "open": "tasks open [share]",
}  # fmt: skip


class AblationConfig(CanonicalConfig, seeds=100):
    """Orthogonal arms of unequal length: the features lie in the long ones."""

    tasks: int = field(50, help="number of tasks M", lower=2)
    gap: float = field(0.4, help="smallest gap Delta_min", lower=0.0, strict=True)
    length: float = field(0.3, help="length of the arms outside the features", lower=0.0, upper=1.0, strict=True)
    rank: int = field(2, help="dimension of the shared features k", lower=2, at_most="dim")
    phases: int = field(4, help="phases after which a run stops", lower=1, upper=10)
    variants: tuple[str, ...] = field(NAMES, help="variants", choices=NAMES, distinct=True)

    def validate(self):
        """Tasks show the features."""
        self.check_tasks((self.tasks,))


def run(config, seeds):
    """Variants that differ by numbers only are lanes of one program."""
    omega = bandits.exploration.canonical_diversity(config.tasks, config.gap, config.rank)
    found = {}
    for choices, change in {(tuple(VARIANTS[n][0].items()), VARIANTS[n][1]) for n in config.variants}:
        names = [n for n in config.variants if (tuple(VARIANTS[n][0].items()), VARIANTS[n][1]) == (choices, change)]
        factors, corrections = (np.array([VARIANTS[n][i] for n in names]) for i in (2, 3))
        result = over_seeds(
            programs.vary, seeds, factors, corrections, config.gap, config.length, omega, common_of(config), tasks=config.tasks,
            dim=config.dim, rank=config.rank, change=change, choices=choices, phases=config.phases,
        )  # fmt: skip
        found |= {name: [np.asarray(x)[:, i] for x in result] for i, name in enumerate(names)}
    pulls, wrong, left, error = (np.array(x) for x in zip(*(found[n] for n in config.variants), strict=True))
    dims = ("variant", "seed")
    return dataset(
        seeds,
        {"variant": list(config.variants)},
        pulls=(dims, pulls, SAMPLES, "samples of all tasks"),
        wrong=(dims, wrong, "1", "share of tasks with a wrong arm"),
        open=(dims, left, "1", "share of tasks left open"),
        error=(dims, error, "1", "error of the features"),
    )


def draw(data, config):
    """Samples, error of the features, and tasks that are wrong or left open, a row per variant."""
    figure, axes = plots.panel(1, 3, width=4.0, height=0.28 * len(config.variants) + 1.2, sharey=True)
    shown = data.sel(variant=list(config.variants))
    looks = plots.looks({name: name for name in config.variants})
    plain = {name: look._replace(color="#D55E00" if name == PLAIN else "#0072B2") for name, look in looks.items()}
    for ax, name in zip(axes[0], ("pulls", "error"), strict=False):
        plots.bars(ax, shown[name], "variant", plain)
        plots.finish(ax, log="x", legend=None)
    place, colors = np.arange(len(config.variants)), plots.style.COLORS
    for name, shift, words in (("wrong", -0.2, "wrong answer"), ("open", 0.2, "left open")):
        found = shown[name].mean("seed").values
        axes[0, 2].barh(place + shift, found, height=0.4, color=colors[2 if shift < 0 else 4], label=words)
    axes[0, 2].invert_yaxis()
    plots.finish(axes[0, 2], x="share of the tasks", xlim=(0, 1.05), legend="lower right")
    return figure


def tables(data, config):
    """The means of every variant."""
    means = data.mean("seed").sel(variant=list(config.variants))
    rows = [[name, *(float(means[what].sel(variant=name)) for what in MEANS)] for name in config.variants]
    return [plots.Table("Means over seeds", ["variant", *MEANS.values()], rows)]


def of(name, variant):
    """A quantity of a variant."""
    return value(name, variant=variant)


def more(variant):
    """Logarithm of a variant's samples over the paper's."""
    return mean(log(of("pulls", variant)) - log(of("pulls", PLAIN)))


FIGURE = Figure(
    __name__,
    tables=tables,
    title="Ablation: designs, noise correction, reuse of data, k and omega mis-specified",
    question="Which parts of DouExpDes are needed: the design, the noise correction, fresh data, the right rank?",
    claims=(
        Claim.derived("a G-optimal batch without the noise correction loses the features (error)",
              "derived: the bias leads where arms are short", mean(of("error", "G for E, no correction")), at_least(0.5), unit="1",
              reason="half of one direction, ours; E Z has the wrong leading space"),
        Claim.derived("with the correction it does not", "derived: Z is unbiased for every batch", mean(of("error", "G for E")),
              at_most(0.05), unit="1", reason="a twentieth of a direction, ours"),
        Claim.derived("the E-optimal batch of orthogonal arms hides a missing correction (error)", "derived: its noise is isotropic",
              mean(of("error", "E, no correction")), at_most(0.05), unit="1", reason="as above"),
        Claim("uniform allocation in the second stage costs more", "XY is optimal in R^k (ordering)", more("uniform for XY"), at_least(0.0),
              unit="log ratio"),
        Claim.derived("keeping the data costs less", "the paper draws anew for its proof (ordering)", more("data kept"), less_than_zero,
              unit="log ratio"),
        Claim.derived("one dimension too few leaves more than delta of the tasks without their arm",
              "theta_m is not in the span (ordering)", mean(of("wrong", "k - 1") + of("open", "k - 1")), at_least(0.005),
              unit="share of tasks", reason="delta",
              note="the one direction kept is a random mixture of equally strong ones, drawn anew in every phase: where its entries differ "
              "in sign every task still sees its best arm as best, so that most tasks are settled by chance, if late"),
        Claim.derived("one dimension too many costs samples and no answer (wrong or open)", "B is still in the span",
              mean(of("wrong", "k + 1") + of("open", "k + 1")), between(0.0, 0.005), unit="share of tasks", reason="delta"),
        Claim.derived("an omega four times too small costs samples", "T ~ k^2/omega (ordering)", more("omega / 4"), at_least(0.0),
              unit="log ratio"),
    ),
    presets={
        "smoke": dict(seeds=2, tasks=4, gap=0.8, variants=(PLAIN, "omega / 4", "E, no correction")),
        "paper": dict(seeds=1000),
    },
)  # fmt: skip
