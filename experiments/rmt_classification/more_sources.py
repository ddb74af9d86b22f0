"""More source tasks: the target's error against the number of sources and against the size of one source."""

import numpy as np

from experiments.rmt_classification import protocol
from experiments.rmt_classification.protocol import fraction, never, reference
from mtrl.harness import Axis, Figure, at_least, at_most, between, dataset, evaluate, field, over_seeds
from mtrl.harness.judge.measures import FIRST, LAST, Quantity, exact, mean, value
from mtrl.harness.picture import plots

RULES = ("signed", "optimal", "tuned")
REFERENCE = {  # by number of sources
    "signed": dict(enumerate((0.3283, 0.2991, 0.3687, 0.3514, 0.3754, 0.3392, 0.3462))),
    "optimal": dict(enumerate((0.3283, 0.2952, 0.2715, 0.2600, 0.2536, 0.2416, 0.2390))),
    "tuned": dict(enumerate((0.2965, 0.2476, 0.2390, 0.2366, 0.2355, 0.2261, 0.2261))),
}


class SourcesConfig(protocol.SharedConfig):
    """Target error as source tasks of mixed similarity are added one by one."""

    seeds: int = field(200, help="number of training sets", lower=1)
    similarities: tuple[float, ...] = field(
        (0.8, -0.5, 0.3, -0.2, 0.6, 0.0), help="similarity beta_s of every source, in this order", lower=-1.0, upper=1.0
    )
    source: int = field(50, help="samples per class of every source", lower=1)
    grid: int = field(9, help="points per axis of the tuning grid, 10^-3 to 10^3", lower=2)
    largest: int = field(1000, help="largest number of samples per class of the one source (right panel)", lower=10)

    def validate(self):
        """The mean differences of all tasks need a direction each."""
        protocol.classification.check_directions(len(self.similarities), self.dim)


def run(config, seeds):
    """Theory and simulation by number of sources; theory by size of one negative source."""
    n, beta = len(config.similarities), np.asarray(config.similarities)
    counts = ((config.source,) * 2,) * n + ((config.target,) * 2,)
    active = np.concatenate([np.tri(n + 1, n, -1), np.ones((n + 1, 1))], axis=1)
    sizes = np.unique(np.round(np.geomspace(2, config.largest, 15)))
    by_size = np.stack([np.stack([sizes, np.full_like(sizes, config.target)], axis=1)] * 2, axis=2)
    shared = dict(norm=config.norm, gamma=config.gamma, lam=config.lam, grid=np.logspace(-3, 3, config.grid))

    def plans(sweep, rules, **fixed):
        return evaluate(protocol.classification.plans_along, sweep, {**shared, **fixed}, dim=config.dim, rules=rules)

    added = plans(dict(active=active), RULES, similarity=beta, counts=np.array(counts))
    grown = plans(dict(counts=by_size), (*RULES, "single"), similarity=beta.min(keepdims=True))
    error = over_seeds(
        protocol.classification.plan_errors, seeds, beta, config.norm, added, counts=counts, dim=config.dim
    )
    sources = Axis(np.arange(n + 1), words="number of sources (similarity of the one added)")
    size = Axis(sizes, words="samples per class of one source")
    return dataset(
        seeds,
        {"sources": sources, "rule": list(RULES), "size": size, "curve": [*RULES, "single"]},
        predicted=(("sources", "rule"), added.error, "fraction", "target error"),
        finite=(("sources", "rule"), added.finite, "fraction"),
        error=(("seed", "sources", "rule"), error, "fraction"),
        by_size=(("size", "curve"), grown.error, "fraction", "predicted target error"),
        beta_by_size=((), beta.min()),
    )


def draw(data, config):
    """Errors by number of sources and by size of one source."""
    figure, axes = plots.panel(1, 2, width=5.0, height=3.9)
    ax, size = axes[0]
    here = protocol.at_reference(config, "similarities")
    protocol.draw_errors(ax, data, "sources", "sources", REFERENCE if here else {})
    ticks = ["0", *(f"{i}\n({beta:+g})" for i, beta in enumerate(config.similarities, 1))]
    ax.set_xticks(data["sources"].values, ticks)
    silent = {**protocol.SILENT, "single": protocol.LOOK["single"]._replace(line="--")}
    plots.theory(size, data["by_size"], "size", "curve", silent)
    plots.finish(ax, legend=None)
    plots.finish(size, title=f"theory, one source with β = {float(data['beta_by_size']):g}", log="x")
    protocol.legend_below(figure, ax)
    return figure


def steps(rule: str) -> Quantity:
    """Rise of the predicted error when a source is added."""
    return value("predicted", rule=rule).then(lambda array: array.diff("sources"))


def reference_gap(*rules: str) -> Quantity:
    """Predictions minus the reference run."""
    tables = {rule: REFERENCE[rule] for rule in rules}
    return protocol.from_reference("predicted", tables, "sources", "similarities")


SIGNED = value("error", rule="signed")

FIGURE = Figure(
    __name__,
    title="Target error against the number of source tasks",
    question="Does adding source tasks ever raise the target's error, with the usual labels and with optimal ones?",
    claims=(
        never("optimal labels: largest rise of the predicted error when a source is added",
              "figure on added tasks: the optimised machine is non-increasing in the number of tasks",
              exact(steps("optimal").over("sources", how="max"))),
        fraction("optimal labels, tuned: largest rise of the predicted error when a source is added",
                 "the same, with tuned (gamma, lam)", exact(steps("tuned").over("sources", how="max")),
                 at_most(5e-4, "5e-4 allows for the finite tuning grid")),
        fraction("+-1 labels with all sources minus without any source",
                 "figure on added tasks: negative transfer; reference run .3462 - .3283 = .018",
                 mean(SIGNED.at(sources=LAST) - SIGNED.at(sources=FIRST)), at_least(0.0)),
        fraction("+-1 labels are erratic: number of added sources that raise the predicted error",
                 "figure on added tasks; reference run: 3 of 6",
                 exact(steps("signed").then(lambda rise: (rise > 0).where(rise.notnull())).over("sources", how="sum")),
                 between(2, 4, "neither falling nor rising throughout; 3 in the reference run, one either way"), unit="sources"),
        reference("errors at fixed (gamma, lam): largest distance from the reference run", protocol.INDEPENDENT,
                  exact(abs(reference_gap("signed", "optimal")).over("rule", "sources", how="max")),
                  at_most(6e-5, "half of the fourth digit")),
        reference("tuned errors: largest excess over the reference run, which used a coarse grid",
                  protocol.INDEPENDENT + "; its coarse grid bounds the minimum from above",
                  exact(reference_gap("tuned").over("rule", "sources", how="max")),
                  at_most(5e-4, "5e-4 allows for the finite tuning grid")),
        *protocol.agreement(RULES, "the number of sources", 40),
    ),
    presets={
        "smoke": dict(seeds=2, similarities=(0.8, -0.5), source=15, target=8, dim=20, grid=3, largest=50),
        "paper": dict(seeds=400, seed_batch=25, grid=25),
    },
)  # fmt: skip
