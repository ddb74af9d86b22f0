"""G-, E- and XY-optimal designs to a gap of 1e-6, against their first-order algorithms in NumPy and convex programs in cvxpy.

E and XY are found by the interior-point method, which stops at its certificate. In NumPy stand the ladders of multiplicative steps, which
are written in ten lines and end at a gap of percents whatever time they get.
"""

import functools
import importlib.util

import numpy as np

from experiments.benchmark_pure_exploration import literal, protocol
from experiments.benchmark_pure_exploration.protocol import DESIGNS, OURS, times
from mtrl.harness import BaseConfig, Claim, Figure, at_most, between, dataset, field, timing
from mtrl.harness.judge import limits
from mtrl.harness.judge.measures import exact, value
from mtrl.harness.picture import plots
from mtrl.numerics.designs import g_optimal, interior_point

LITERAL, CONVEX = "NumPy", "cvxpy"
LOOK = plots.looks({OURS: "this\nproject", LITERAL: "first-order\nin NumPy", CONVEX: "cvxpy,\nClarabel"})


class DesignsConfig(BaseConfig):
    """One set of arms; this project and cvxpy to a gap of 1e-6, the ladders in NumPy as many steps as they are given."""

    seeds: int = field(1, help="not used: one set of arms", lower=1)
    arms: int = field(500, help="number of arms n", lower=8)
    dim: int = field(20, help="dimension d", lower=2, at_most="arms")
    items: int = field(4, help="items whose differences the XY design is for", lower=2)
    g_steps: int = field(2000, help="steps of Fedorov-Wynn", lower=1)
    e_steps: int = field(400, help="steps per rung of the ladder of the E design in NumPy", lower=1)
    xy_steps: int = field(200, help="steps per rung of the ladder of the XY design in NumPy", lower=1)
    tolerance: float = field(1e-6, help="gap at which a design is found", lower=0.0, strict=True)
    repeats: int = field(3, help="interleaved repetitions", lower=2)


def calls_of(config):
    """(design, method) -> call that gives weights, value and bound."""
    X, Y = protocol.arms_and_differences(config.arms, config.dim, config.items)
    part = functools.partial
    calls = {
        ("G", OURS): protocol.ours(X, design=g_optimal.g_optimal, iterations=config.g_steps),
        ("G", LITERAL): part(literal.g_design, X, tolerance=config.tolerance),
        ("E", OURS): protocol.ours(X, design=interior_point.e_optimal, tolerance=config.tolerance),
        ("E", LITERAL): part(literal.e_design, X, iterations=config.e_steps),
        ("XY", OURS): protocol.ours(X, Y, design=interior_point.xy_optimal, tolerance=config.tolerance),
        ("XY", LITERAL): part(literal.xy_design, X, Y, iterations=config.xy_steps),
    }
    if importlib.util.find_spec("cvxpy"):
        calls |= {(name, CONVEX): part(literal.convex, name, X, Y) for name in DESIGNS}
    return calls


def run(config, seeds):
    """All in turn; the designs of the last round."""
    found = {}

    def keep(name, call):
        def kept():
            found[name] = call()

        return kept

    calls = {name: keep(name, call) for name, call in calls_of(config).items()}
    for name in calls:  # compile; the convex programs need no warm-up
        if name[1] == OURS:
            calls[name]()
    seconds = timing.compare(calls, config.repeats, warmup=0)
    least = limits.least(calls, *(name for name in calls if name[1] == OURS))
    methods = [name for name in LOOK if ("G", name) in calls]

    def table(number):
        return [[number(design, method) for method in methods] for design in DESIGNS]

    axes = {"design": list(DESIGNS), "method": methods}
    return dataset(
        None,
        axes | {"repeat": np.arange(config.repeats), "limited_by": limits.BOUNDS, "arm": np.arange(config.arms)},
        seconds=(("design", "method", "repeat"), table(lambda *name: seconds[name]), "s", "wall time per design"),
        seconds_least=(("design", "method", "limited_by"), table(lambda *name: least[name]), "s", least.words),
        weights=(("design", "method", "arm"), table(lambda *name: np.asarray(found[name][0]))),
        value=(("design", "method"), table(lambda *name: float(found[name][1])), "1", "value of the criterion"),
        bound=(("design", "method"), table(lambda *name: float(found[name][2])), "1", "certified lower bound"),
    )


def draw(data, config):
    """Seconds, and below each how far the value may be from the best."""
    figure, axes = plots.panel(1, 3, width=3.3, height=3.5)
    for ax, design in zip(axes[0], DESIGNS, strict=True):
        part = data.sel({"design": design})
        gaps = part["value"] / part["bound"].max() - 1  # the largest bound holds for all; NaN is none
        words = {}
        for name, gap in zip(part["method"].values, np.atleast_1d(abs(gaps.values)), strict=True):
            words[name] = LOOK[name]._replace(words=f"{LOOK[name].words}\ngap {gap:.1e}")
        size = f"{design}-optimal: d = {config.dim}, {config.arms} arms"
        size += f",\n{config.items * (config.items - 1) // 2} differences" if design == "XY" else ""
        protocol.bars(ax, part["seconds"], words, OURS, title=size)
    if CONVEX not in data["method"].values:
        figure.suptitle("cvxpy is not installed, so its bars are missing: install the test extra.", fontsize=9)
    return figure


def speedup(design, other):
    """Seconds of another program over ours."""
    return times(other, OURS, f"{design}-optimal design", PEERS[other], design=design)


def over(design, other=OURS, variable="value"):
    """The value of our design over another number."""
    return value("value", design=design, method=OURS) / value(variable, design=design, method=other)


def certified(design):
    """Claim: the gap that our certificate states."""
    gap = over(design, variable="bound") - 1
    text = f"certified relative gap of the {design} design"
    return Claim.speed(text, "goal: 1e-6", exact(gap), at_most(1e-6, "this project's goal"), unit="relative")


def same_value(design, other, tolerance, reason):
    """Claim: the value is that of another program."""
    text, region = f"value of the {design} design over that of {other}", between(1 - tolerance, 1 + tolerance, reason)
    ratio = exact(over(design, other))
    return Claim.reference(text, "the same criterion", ratio, region, unit="ratio", value=1.0)


def no_worse(design):
    """Claim: the value is not above that of the ladder in NumPy, up to the gap."""
    region = at_most(1 + 1e-6, "no value is below the best one, from which ours is 1e-6 at most")
    text, ratio = f"value of the {design} design over that of NumPy's ladder", exact(over(design, LITERAL))
    return Claim.derived(text, "smaller is better", ratio, region, unit="ratio")


PEERS = {LITERAL: "first-order steps in NumPy", CONVEX: "cvxpy with Clarabel"}
LOOSE = {name: "NumPy's ladder ends at a gap of percents, this project at 1e-6" for name in ("E", "XY")}
FIGURE = Figure(
    __name__, headline=True, size=lambda c, at: f"d = {c.dim}, {c.arms} arms",
    title="Optimal designs: time against NumPy and cvxpy",
    question="How fast are the optimal designs, against NumPy and cvxpy at a like gap?",
    claims=(
        *(protocol.faster(f"{design} design: times faster than {other}", goal, speedup(design, other),
              note=LOOSE.get(design, "") if other == LITERAL else "")
          for other, goal in ((LITERAL, 5.0), (CONVEX, 50.0)) for design in DESIGNS),
        *(certified(design) for design in DESIGNS),
        same_value("G", LITERAL, 2e-6, "both stop at a gap of 1e-6"),
        *(no_worse(design) for design in ("E", "XY")),
        same_value("G", CONVEX, 1e-5, "ten times the gap that both are asked for"),
        *(same_value(design, CONVEX, 2e-6, "twice the gap that both are asked for") for design in ("E", "XY")),
    ),
    presets={
        "smoke": dict(arms=12, dim=3, items=3, g_steps=200, e_steps=10, xy_steps=10, repeats=2),
        "paper": dict(repeats=9),
    },
)  # fmt: skip
