"""Target error against the strength lam of the shared part, one colour per label rule."""

import numpy as np

from experiments.rmt_classification import protocol
from experiments.rmt_classification.protocol import fraction, never
from mtrl.harness import Axis, Figure, at_least, dataset, evaluate, field, jax, over_seeds
from mtrl.harness.judge.measures import FIRST, LAST, Measure, exact, value
from mtrl.harness.picture import plots

RULES = ("classical", "midpoint", "optimal")


class CouplingConfig(protocol.MixtureConfig):
    """Target error against lam for a helpful and a harmful source with unequal classes."""

    seeds: int = field(300, help="number of training sets", lower=1)
    similarities: tuple[float, ...] = field((0.8, -0.5), help="similarity beta of every panel", lower=-1.0, upper=1.0)
    lams: int = field(9, help="simulated values of lam, 10^-2 to 10^2", lower=2)
    lines: int = field(41, help="values of lam on the theory lines", lower=2)
    source: tuple[int, ...] = field((150, 60), help="source samples per class", lower=1, length=2)
    target: tuple[int, ...] = field((20, 35), help="target samples per class", lower=1, length=2)
    gamma: float = field(1.0, help="strength of the task-specific parts", lower=0.0, strict=True)


def run(config, seeds):
    """Theory and simulation of one similarity."""
    beta, counts = np.asarray(config.similarities), (tuple(config.source), tuple(config.target))
    points, line = np.logspace(-2, 2, config.lams), np.logspace(-2, 2, config.lines)
    fixed = dict(similarity=beta, norm=config.norm, counts=np.array(counts), gamma=config.gamma)
    fixed |= dict(grid=np.logspace(-3, 3, 61), lams=np.zeros(1))  # of the single task
    sweep, rules = dict(lam=np.concatenate([line, points])), (*RULES, "single")
    both = evaluate(protocol.classification.plans_along, sweep, fixed, dim=config.dim, rules=rules)
    theory, plans = (jax.tree.map(lambda x, i=i: np.split(x[:, :-1], [line.size])[i], both) for i in range(2))
    error = over_seeds(
        protocol.classification.plan_errors, seeds, beta, config.norm, plans, counts=counts, dim=config.dim
    )
    words = "strength λ of the shared part (large = much sharing)"
    return dataset(
        seeds,
        {"lam": Axis(points, words=words), "lam_line": Axis(line, words=words), "rule": list(RULES)},
        predicted=(("lam_line", "rule"), theory.error, "fraction", "target error"),
        predicted_at_points=(("lam", "rule"), plans.error, "fraction"),
        finite=(("lam_line", "rule"), theory.finite, "fraction"),
        finite_at_points=(("lam", "rule"), plans.finite, "fraction"),
        error=(("seed", "lam", "rule"), error, "fraction"),
        single=((), both.error[0, -1], "fraction"),
    )


def draw(data, config):
    """One panel per similarity."""
    figure, axes = plots.panel(1, data.sizes["similarities"], width=4.8, height=3.9, sharey=True)
    for ax, beta in zip(axes[0], config.similarities, strict=True):
        case = data.sel(similarities=beta)
        protocol.draw_errors(ax, case, "lam", "lam_line", {})
        plots.level(ax, case["single"], protocol.LOOK["single"].words, linestyle="--", linewidth=1)
        plots.finish(ax, title=f"similarity β = {beta:g}", log="x", legend=None)
        ax.label_outer()
    protocol.legend_below(figure, axes[0, 0])
    return figure


def largest_excess(rule: str, over: str) -> Measure:
    """Largest predicted excess of a rule over another, over lam and similarities."""
    gap = value("predicted", rule=rule) - value("predicted", rule=over)
    return exact(gap.over("lam_line", "similarities", how="max"))


UNRELATED = value("predicted", rule="midpoint", similarities=lambda config: min(config.similarities))

FIGURE = Figure(
    __name__,
    title="Target error against the strength of the shared part",
    question="How strongly should the tasks be coupled when the source helps and when it harms?",
    claims=(
        never("the mid-point threshold never loses to threshold 0: largest excess over lam and beta",
              "section 3: the classical decision is biased; the corrected threshold is the mid-point of the two means",
              largest_excess("midpoint", "classical")),
        never("optimal labels never lose to +-1 labels at the same lam: largest excess",
              "section 3: the labels maximise the predicted separation", largest_excess("optimal", "midpoint")),
        fraction("sharing with a negatively related source hurts under +-1 labels: error at lam = 100 minus at lam = .01",
                 "abstract: strong sharing under +-1 labels may dramatically fail",
                 exact(UNRELATED.at(lam_line=LAST) - UNRELATED.at(lam_line=FIRST)),
                 at_least(0.05, "a dramatic failure is at least five points of error; ours, the paper gives no number")),
        *protocol.agreement(RULES, "lam and beta", 55, "_at_points"),
    ),
    split={"similarities": "similarities"},
    presets={
        "smoke": dict(seeds=2, lams=3, lines=5, source=(20, 12), target=(6, 10), dim=20),
        "paper": dict(seeds=1000, seed_batch=100, lams=17, lines=81),
    },
)  # fmt: skip
