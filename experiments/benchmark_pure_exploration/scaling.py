"""Cost of the designs against the number of arms and the dimension, with fitted exponents."""

import numpy as np

from experiments.benchmark_pure_exploration import protocol
from experiments.benchmark_pure_exploration.protocol import DESIGNS
from mtrl.harness import Axis, BaseConfig, Claim, Figure, between, dataset, field, timing
from mtrl.harness.judge.measures import slope, value
from mtrl.harness.picture import plots
from mtrl.numerics.designs import e_optimal, g_optimal, xy_optimal

WORDS = {"arms": "number of arms n", "dim": "dimension d"}
LOOK = plots.looks({design: f"{design}-optimal" for design in DESIGNS})
ORDER = {"arms": 1, "dim": 2}


class ScalingConfig(BaseConfig):
    """A fixed number of steps of each design, along one size at a time."""

    seeds: int = field(1, help="not used: one set of arms", lower=1)
    arms: tuple[int, ...] = field((200, 400, 800, 1600, 3200), help="numbers of arms", lower=8, distinct=True)
    dim: tuple[int, ...] = field((5, 10, 20, 40, 80), help="dimensions", lower=2, distinct=True)
    base: tuple[int, ...] = field((800, 20), help="n, d where they are not swept", lower=2, length=2)
    items: int = field(4, help="items whose differences the XY design is for", lower=2)
    steps: int = field(20, help="steps per rung; 20 times as many of Fedorov-Wynn", lower=1)
    repeats: int = field(3, help="interleaved repetitions", lower=2)


def calls_at(arms: int, dim: int, config: ScalingConfig):
    """The designs at one size."""
    X, Y = protocol.arms_and_differences(arms, dim, config.items)
    return {
        "G": protocol.ours(X, design=g_optimal.g_optimal, iterations=20 * config.steps),
        "E": protocol.ours(X, design=e_optimal.e_optimal, iterations=config.steps),
        "XY": protocol.ours(X, Y, design=xy_optimal.xy_optimal, iterations=config.steps),
    }


def run(config, seeds):
    """All sizes of an axis in turn."""
    base, variables = dict(zip(WORDS, config.base, strict=True)), {}
    for axis in WORDS:
        calls = {}
        for size in getattr(config, axis):
            at = calls_at(**(base | {axis: size}), config=config)
            calls |= {(design, size): call for design, call in at.items()}
        timed = timing.compare(calls, config.repeats)
        rows = [[timed[design, size] for size in getattr(config, axis)] for design in DESIGNS]
        variables[f"seconds_{axis}"] = (("design", axis, "repeat"), rows, "s", "wall time")
    axes = {axis: Axis(getattr(config, axis), words=words) for axis, words in WORDS.items()}
    return dataset(None, {**axes, "design": list(DESIGNS), "repeat": np.arange(config.repeats)}, **variables)


def exponent(design, axis):
    """Fitted exponent of the seconds, with its interval over the timed rounds."""
    return slope(value(f"seconds_{axis}", design=design).then(lambda array: array.rename(repeat="seed")), axis)


def draw(data, config):
    """Seconds on logarithmic axes, the leading order through the last size."""
    figure, axes = plots.panel(1, 2, width=4.4, height=3.6)
    for ax, axis in zip(axes[0], WORDS, strict=True):
        seconds = data[f"seconds_{axis}"].rename(repeat="seed")
        look = dict(LOOK)
        if data.sizes[axis] > 2:
            for design in DESIGNS:
                fitted = exponent(design, axis)(data, config).value
                look[design] = look[design]._replace(words=f"{LOOK[design].words}: exponent {fitted:.2f}")
        plots.points(ax, seconds, axis, "design", look)
        law = seconds.mean("seed").isel({axis: -1}) * (data[axis] / data[axis][-1]) ** ORDER[axis]
        plots.theory(ax, law, axis, "design", {name: shown._replace(words="") for name, shown in LOOK.items()})
        room = dict(ylim=(None, 30 * float(seconds.mean("seed").max())), legend=dict(loc="upper left"))
        title = f"lines: leading order {ORDER[axis]}"
        plots.finish(ax, y="wall time [s]", log="xy", ticks=data[axis].values, title=title, **room)
    return figure


def at_most_of(design, axis, order, paper, reason):
    """Claim: the fitted exponent is at most an order."""
    text = f"fitted exponent of the {design} design in the {WORDS[axis]}"
    return Claim.speed(text, paper, exponent(design, axis), between(0.0, order), unit="exponent", reason=reason)


FIGURE = Figure(
    __name__,
    title="Cost of optimal designs against arms and dimension",
    question="How does the cost of optimal designs grow with arms and dimension?",
    claims=(
        *(at_most_of(design, "arms", 1.3, "derived: linear in n", "1, and .3 for caches; no cost falls with size") for design in DESIGNS),
        *(at_most_of(design, "dim", 2.3, paper, "2, and .3 for caches and the d^3 part; no cost falls with size")
          for design, paper in (("G", "derived: n d + d^2 per step, n d^2 + d^3 at every 25th"), ("E", "derived: n d^2 + d^3 per step"),
                ("XY", "derived: n d^2 + d^3 per step"))),
    ),
    presets={
        "smoke": dict(arms=(8, 16), dim=(2,), base=(8, 2), items=3, steps=2, repeats=2),
        "paper": dict(repeats=9),
    },
)  # fmt: skip
