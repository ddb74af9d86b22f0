"""Error of C-FeatRecover's features against samples: the product of two batches, its biased control, and the price of an estimated D."""

import numpy as np

from experiments.policy_identification.protocol import SAMPLES, ContextConfig
from experiments.policy_identification.recovery import recover
from mtrl.harness import Axis, BadInput, Claim, Figure, at_least, between, dataset, field, over_seeds
from mtrl.harness.judge.measures import FIRST, LAST, bootstrap, log, mean, slope, value
from mtrl.harness.picture import plots

PRODUCT, ESTIMATED, SQUARE = KINDS = ("two batches, true D", "two batches, estimated D", "one batch squared, true D")
LOOKS = plots.looks(KINDS)
PROGRAM = "an independent program, written from the paper"


class FeaturesConfig(ContextConfig, seeds=120):
    """Batches of several lengths."""

    tasks: int = field(20, help="number of tasks M", lower=2)
    halves: tuple[int, ...] = field((5, 20, 100), help="rounds p of a half batch, ascending", lower=1, distinct=True)
    budgets: tuple[int, ...] = field(
        (20_000, 40_000, 120_000, 400_000), help="samples of all tasks, ascending", lower=1000, distinct=True
    )
    observed: int = field(250, help="rounds in which only contexts are seen, for the estimated D", lower=1)

    def validate(self):
        """A larger budget goes on from the smaller one."""
        self.check_tasks((self.tasks,))
        for smaller, larger in zip(self.budgets, self.budgets[1:], strict=False):
            if larger < smaller:
                raise BadInput(f"budgets got {larger} after {smaller}, but must ascend; sort them")


def run(config, seeds):
    """All lengths, kinds and budgets in one program."""
    rounds = 2 * config.tasks * np.asarray(config.halves)[:, None]
    batches = np.ceil(np.asarray(config.budgets) / rounds)
    static = dict(tasks=config.tasks, halves=config.halves, observed=config.observed, **config.sizes)
    out = over_seeds(recover, seeds, batches, config.noise, **static)
    dims = ("seed", "half", "kind", "budget")
    axes = {"half": Axis(config.halves, words="rounds p of a half batch"), "kind": list(KINDS)}
    return dataset(
        seeds, {**axes, "budget": Axis(config.budgets, SAMPLES, "samples of all tasks")},
        error=(dims, out["error"], "1", r"$\|\hat B_\perp^T B\|_F^2$"), line=(dims, out["line"], "1"), miss=(dims, out["miss"], "1"),
    )  # fmt: skip


def draw(data, config):
    """A panel per length: simulation, first-order prediction, limits of the other two."""
    figure, axes = plots.panel(1, data.sizes["half"], width=3.8, height=3.9, sharey=True)
    ticks = sorted({int(b) for b in (data["budget"].values[0], 120_000, data["budget"].values[-1])})
    words = {PRODUCT: "prediction", ESTIMATED: "", SQUARE: "limit of one batch squared"}
    lines = {name: look._replace(words=words[name]) for name, look in LOOKS.items()}
    for ax, half in zip(axes[0], data["half"].values, strict=True):
        part = data.sel(half=half)
        plots.points(ax, part["error"], "budget", "kind", LOOKS, spread=0.03)
        plots.theory(ax, part["line"], "budget", "kind", lines)
        legend = "lower left" if half == data["half"].values[0] else None
        plots.finish(ax, log="xy", ticks=ticks, title=f"half batches of p = {half} rounds", legend=legend)
    return figure


def over_line(kind, **where):
    """Measure: mean error at the largest budget over its prediction."""
    pair = (value(name, kind=kind, budget=LAST, **where) for name in ("error", "line"))
    return bootstrap(lambda error, line: error / line, *pair)


def miss(kind, half=20, budget=120_000):
    """Measure: largest error of an entry of Z at 20 tasks x 150 batches of 40 rounds."""
    return mean(value("miss", kind=kind, half=half, budget=budget))


E, RANDOM = value("error", budget=LAST), "derived for this study, to first order in the fluctuation of Z"
ONE_RUN = "a third: the largest of 25 entries, in one run of another instance"
FIGURE = Figure(
    __name__,
    title="Error of the features recovered with random contexts against samples: two batches, one batch, estimated D",
    question="How fast does the error of the recovered features fall with the samples, and is it the predicted one?",
    claims=(
        Claim("exponent of the error in the samples (two batches, true D, longest)", "Du et al. 2023, Section 5: unbiased, 1 / (M T)",
              slope(value("error", kind=PRODUCT, half=LAST), "budget"), between(-1.1, -0.9), unit="1", value=-1.0,
              reason="a tenth for terms of higher order"),
        *(Claim.derived(f"{kind}: mean error over its prediction at most samples ({length} batches)", RANDOM, over_line(kind, half=half),
                between(0.8, 1.2), unit="1", value=1.0, reason="a fifth for terms of higher order and the seeds")
          for kind, length, half in ((PRODUCT, "longest", LAST), (PRODUCT, "shortest", FIRST), (ESTIMATED, "longest", LAST),
                                     (SQUARE, "shortest", FIRST))),
        Claim("one batch squared is biased: its error over that of two (most samples, shortest)",
              "Du et al. 2023, C-FeatRecover takes two batches (ordering)",
              mean(log(E.at(kind=SQUARE, half=FIRST)) - log(E.at(kind=PRODUCT, half=FIRST))), at_least(0.0), unit="log ratio"),
        Claim.derived("longer batches have a smaller error at the same samples (two batches, true D)",
              "derived: the term of S^2 falls with p (ordering)",
              mean(log(E.at(kind=PRODUCT, half=FIRST)) - log(E.at(kind=PRODUCT, half=LAST))), at_least(0.0), 
              unit="log ratio", applies=lambda data: data.sizes["half"] > 1),
        Claim.derived("exponent in the samples of the largest error of an entry of Z (two batches, shortest)",
              "derived: unbiased, 1 / sqrt(M T)", slope(value("miss", kind=PRODUCT, half=FIRST), "budget"), between(-0.6, -0.4), unit="1",
              value=-0.5, reason="a fifth, for the largest of 25 entries"),
        Claim.derived("the same exponent of one batch squared: it stays where it is", "derived: biased by the batch's own noise",
              slope(value("miss", kind=SQUARE, half=FIRST), "budget"), at_least(-0.1), unit="1", value=0.0,
              reason="a fifth of the unbiased one's"),
        *(Claim.reference(f"largest error of an entry of Z, {kind}", f"{number} in {PROGRAM}", miss(kind),
                between(number * 2 / 3, number * 4 / 3), unit="1", value=number, reason=ONE_RUN)
          for kind, number in ((PRODUCT, 0.014), (SQUARE, 0.156))),
    ),
    presets={
        "smoke": dict(seeds=2, tasks=4, halves=(20,), budgets=(20_000, 120_000)),
        "paper": dict(seeds=1000, budgets=(20_000, 40_000, 120_000, 400_000, 1_200_000, 4_000_000)),
    },
)  # fmt: skip
