"""What planning and sharing are each worth: UMT-PSR against its baselines, and how the product distance saturates. Own design."""

import numpy as np

from experiments.multitask_psr import protocol
from experiments.multitask_psr.protocol import JOINT, KNOWN, LOOKS, POOLED, SEPARATE, ClassConfig, derived, reference
from mtrl import mdp
from mtrl.harness import Entrant, Figure, at_least, at_most, compete, dataset, field
from mtrl.harness.judge.measures import bootstrap, exact, mean, value
from mtrl.harness.picture import plots

PRODUCT, UNIFORM = "product distance", "uniform actions"
METHODS = (JOINT, SEPARATE, KNOWN, POOLED, PRODUCT, UNIFORM)


class BaselinesConfig(ClassConfig):
    """One team of all tasks."""

    seeds: int = field(40, help="number of random seeds", lower=2)
    tasks: int = field(4, help="tasks N", lower=1)
    methods: tuple[str, ...] = field(METHODS, help="who plays", choices=METHODS, distinct=True)
    single: float = field(0.5863, help="TV of each task's pair in the saturation panel", lower=0.0, upper=1.0)


def run(config, seeds):
    """One cell."""
    umt, n = mdp.psr.umt_psr, [config.tasks]
    made = {
        JOINT: (umt, "joint", {}),
        SEPARATE: (umt, "separate", dict(sharing=SEPARATE)),
        KNOWN: (mdp.psr.known_transition, "known", {}),
        POOLED: (umt, "pooled", dict(sharing=POOLED)),
        PRODUCT: (umt, "joint", dict(planning="product")),
        UNIFORM: (umt, "joint", dict(planning="uniform")),
    }
    entrants = [
        Entrant(name, factory, static=static, grid=dict(beta=config.margin(n, margin), eps=config.eps))
        for name, (factory, margin, static) in made.items()
        if name in config.methods
    ]
    options = dict(rounds=config.rounds, inputs=(config.concentration,), record=protocol.progress)
    found = compete(entrants, config.problem, seeds=seeds, **options)
    records = protocol.until_stop([found[name].record for name in config.methods])
    tasks, dims = np.arange(1, 9), ("seed", "method")
    return dataset(
        seeds,
        {"method": list(config.methods), "team": tasks},
        **{name: (dims, x[..., 0], *rest) for name, (x, *rest) in records.items()},
        additive=("team", config.single * tasks, "TV", "distance of all tasks"),
        product=("team", 1 - (1 - config.single) ** tasks, "TV", "distance of all tasks"),
    )


def draw(data, config):
    """Rounds, identified tasks, and the two distances."""
    figure, axes = plots.panel(1, 3, width=4.4)
    look = {name: LOOKS[name] for name in METHODS}
    plots.bars(axes[0, 0], data["rounds"], "method", look)
    axes[0, 0].set_xlabel(f"rounds until the stop, at most {config.rounds}")
    plots.bars(axes[0, 1], data["found"], "method", look)
    axes[0, 1].set_xlabel("share of the tasks whose model is identified")
    for name, shown in (("additive", look[JOINT]), ("product", look[PRODUCT])):
        words = {"additive": "sum (the paper's)", "product": "product law, at most"}[name]
        plots.theory(axes[0, 2], data[name], "team", look=shown._replace(words=words))
    plots.finish(axes[0, 2], x="tasks N, each pair at TV " + f"{config.single:g}", y="distance of all tasks")
    return protocol.own(figure)


ROUNDS, FOUND = value("rounds"), value("found")


def at_reference(data):
    """At the TV that the numbers are for."""
    return abs(float(data["additive"][0]) - 0.5863) < 1e-9


def later(text, why, slow, fast, note=""):
    """One method's rounds minus another's."""
    gap = mean(ROUNDS.at(method=fast) - ROUNDS.at(method=slow))
    return derived(text, why, gap, at_most(-1.0), unit="rounds", reason="a round at least", note=note)


FIGURE = Figure(
    __name__,
    title="UMT-PSR against separate, pooled, known-transition, product-distance and uniform baselines (own design)",
    question="How does UMT-PSR compare with separate, pooled, known-transition, product-distance and uniform learners?",
    claims=(
        later("joint stops before separate", "beta / N", SEPARATE, JOINT),
        later("a known T stops before joint", "a smaller class", JOINT, KNOWN),
        later("the sum stops before the product distance", "the product saturates at 1 and must fall to eps / 2", PRODUCT, JOINT,
              "sets of a finite class collapse to the truth, where both distances fall to 0 at once"),
        later("planned exploration stops before uniform actions", "planning separates the furthest survivors", UNIFORM, JOINT),
        derived("pooling misses models: share of tasks identified, joint minus pooled", "one model for all has wrong emissions",
              mean(FOUND.at(method=JOINT) - FOUND.at(method=POOLED)), at_least(0.2), unit="1",
              reason="a fifth of the tasks, far from none"),
        *(reference(f"distance of three tasks at TV .586 each: {words}", number, exact(value(name, team=3)), 0.0005 / number, unit="TV",
                reason="rounding", applies=at_reference)
          for name, words, number in (("additive", "the sum", 1.759), ("product", "bound of the product law", 0.929))),
        reference("rounds, separate over joint, N = 4", 4.4,
              bootstrap(lambda a, b: a / b, ROUNDS.at(method=SEPARATE), ROUNDS.at(method=JOINT)), 0.5, unit="1",
              reason="a half: its 6 truths", words="237 / 54 (6 truths)"),
    ),
    presets={
        "smoke": dict(seeds=2, methods=(JOINT, POOLED), tasks=2, shared=3, own=2, rounds=8, horizon=2),
        "paper": dict(seeds=100, rounds=2000),
    },
)  # fmt: skip
