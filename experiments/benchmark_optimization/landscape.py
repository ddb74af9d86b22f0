"""All methods from all starts on the two-task landscape, one program, against a literal loop that takes a step at a time."""

import functools
from typing import Any

import numpy as np

from experiments.benchmark_optimization import literal, protocol
from mtrl import optimization
from mtrl.harness import BaseConfig, Claim, Figure, between, dataset, evaluate, field, jax, jnp, timing
from mtrl.harness.judge.measures import exact, times_faster, value
from mtrl.harness.picture import plots

METHODS = ("mean", "MGDA", "IMTL-G", "Aligned-MTL")
LOOK = plots.looks({"ours": "one program", "literal": "NumPy, a step at a time"})


class LandscapeConfig(BaseConfig):
    """Adam at 1e-3 on (L1, L2) from five starts; the loop is timed on fewer steps and scaled."""

    seeds: int = field(1, help="not used", lower=1)
    steps: int = field(35_000, help="steps of ours", lower=1)
    literal_steps: int = field(300, help="steps of the loop that are timed", lower=1)
    repeats: int = field(3, help="interleaved repetitions", lower=2)


def path(start: Any, *, method: str, steps: int) -> Any:
    """End point of one start."""
    import optax

    factory, options = protocol.factories()[method]
    optimiser = optax.chain(factory(tasks=2, **options), optax.adam(1e-3))
    return optimization.path.descend(optimiser, optimization.toy.losses, start, steps=steps, keep=steps).x[-1]


def together(starts: Any, *, steps: int) -> Any:
    """(method, start, 2) end points."""
    ends = [jax.vmap(functools.partial(path, method=method, steps=steps))(starts) for method in METHODS]
    return jnp.stack(ends)


def run(config: LandscapeConfig, seeds: np.ndarray) -> Any:
    """Interleaved timings; both sides' points after the loop's steps."""
    starts = np.array(optimization.toy.NASH_STARTS)
    calls = {
        "ours": functools.partial(evaluate, together, starts, steps=config.steps),
        "literal": functools.partial(literal.landscape_loop, METHODS, starts, config.literal_steps),
    }
    timed = timing.compare(calls, config.repeats)
    seconds = [timed["ours"] / config.steps, timed["literal"] / config.literal_steps]
    ends = [evaluate(together, starts, steps=config.literal_steps), calls["literal"]()]
    return dataset(
        None,
        {"side": list(LOOK), "method": METHODS, "repeat": np.arange(config.repeats), "coordinate": ["x1", "x2"]},
        seconds=(("side", "repeat"), seconds, "s", "time per step of all methods and starts"),
        point=(("side", "method", "start", "coordinate"), ends),
    )


def speedup() -> Any:
    """The loop's seconds per step over ours."""
    both = value("seconds", side="literal"), value("seconds", side="ours")
    return times_faster(*both, "a step on the landscape", "NumPy, a step at a time")


def draw(data: Any, config: LandscapeConfig) -> Any:
    """Bars of seconds per step."""
    figure, axes = plots.panel(width=5.0)
    ax, array = axes[0, 0], data["seconds"].rename(repeat="seed")
    plots.bars(ax, array, "side", LOOK, upright=True)
    ratio = speedup()(data, config).value
    ax.text(0, 1.5 * float(array.sel(side="ours").max()), f"{ratio:,.0f}x faster", ha="center")
    title = f"{len(METHODS)} methods x 5 starts, {config.steps:,} steps"
    plots.finish(ax, log="y", title=title, ylim=(None, 5 * float(array.max())))
    return figure


points = value("point").then(lambda array: array.isel(start=[0, 2, 3, 4]))
apart = abs(points.at(side="literal") - points.at(side="ours"))
FIGURE = Figure(
    __name__, size=lambda c, at: f"{len(METHODS)} methods, 5 starts",
    title="A landscape's paths in one program against a literal loop",
    question="How much faster are all paths on the landscape in one program than in a literal loop?",
    presets={"smoke": dict(steps=20, literal_steps=20, repeats=2)},
    claims=(
        Claim.faster("times faster per step than a literal loop", 100.0, speedup(), "the loop is timed on fewer steps"),
        Claim.sanity("both sides are at the same points (largest distance after the loop's steps, from the starts other than (0, 0))",
              "same steps", exact(apart.over("method", "start", "coordinate", how="max")), between(0.0, 1e-4), unit="units of x",
              reason="Frank-Wolfe stops at 1e-3; at (0, 0) the gradients are parallel and IMTL-G's weights come from rounding"),
    ),
)  # fmt: skip
