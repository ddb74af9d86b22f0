"""All methods from all starts on the two-task landscape, one program, against loops that take a step at a time.

NumPy's is literal, a path after the other; PyTorch's has the gradients of all paths at once and takes its directions from TorchJD.
"""

import functools
from typing import Any

import numpy as np

from experiments.benchmark_optimization import literal, protocol, yardsticks
from mtrl import optimization
from mtrl.harness import BaseConfig, Claim, Figure, between, dataset, evaluate, field, jax, jnp, timing
from mtrl.harness.judge import limits
from mtrl.harness.judge.measures import exact, times_faster, value
from mtrl.harness.picture import plots

METHODS = ("mean", "MGDA", "IMTL-G", "Aligned-MTL")
LOOK = plots.looks({"ours": "one program", "literal": "NumPy, a step at a time", "torch": "PyTorch\nwith TorchJD"})


class LandscapeConfig(BaseConfig):
    """Adam at 1e-3 on (L1, L2) from five starts; the loops are timed on fewer steps and scaled."""

    seeds: int = field(1, help="not used", lower=1)
    steps: int = field(35_000, help="steps of ours", lower=1)
    literal_steps: int = field(300, help="steps of the loops that are timed", lower=1)
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
    """Interleaved timings; all sides' points after the loops' steps."""
    starts = np.array(optimization.toy.NASH_STARTS)
    calls = {
        "ours": functools.partial(evaluate, together, starts, steps=config.steps),
        "literal": functools.partial(literal.landscape_loop, METHODS, starts, config.literal_steps),
    }
    if yardsticks.installed():
        calls["torch"] = functools.partial(yardsticks.torch_landscape, METHODS, starts, config.literal_steps)
    timed = timing.compare(calls, config.repeats)
    seconds = [took / (config.steps if side == "ours" else config.literal_steps) for side, took in timed.items()]
    least = limits.least(calls, "ours")
    ends = [evaluate(together, starts, steps=config.literal_steps), *(calls[side]() for side in list(calls)[1:])]
    return dataset(
        None,
        {"side": list(calls), "method": METHODS, "repeat": np.arange(config.repeats), "coordinate": ["x1", "x2"],
         "limited_by": limits.BOUNDS},
        seconds=(("side", "repeat"), seconds, "s", "time per step of all methods and starts"),
        seconds_least=(("side", "limited_by"), [least[side] / config.steps for side in calls], "s", least.words),
        point=(("side", "method", "start", "coordinate"), ends),
    )  # fmt: skip


def speedup(side: str) -> Any:
    """A loop's seconds per step over ours."""
    both = value("seconds", side=side), value("seconds", side="ours")
    return times_faster(*both, "a step on the landscape", LOOK[side].words.replace("\n", " "))


def draw(data: Any, config: LandscapeConfig) -> Any:
    """Bars of seconds per step."""
    figure, axes = plots.panel(width=6.2)
    ax, array = axes[0, 0], data["seconds"].rename(repeat="seed")
    sides = {side: look for side, look in LOOK.items() if side in array["side"].values}
    plots.bars(ax, array, "side", sides, upright=True)
    for i, side in enumerate(list(sides)[1:], 1):
        words = f"{speedup(side)(data, config).value:,.0f} times ours"
        ax.text(i, 1.5 * float(array.sel(side=side).max()), words, ha="center")
    title = f"{len(METHODS)} methods x 5 starts, {config.steps:,} steps"
    plots.finish(ax, log="y", title=title, ylim=(None, 5 * float(array.max())))
    return figure


def apart(side: str) -> Any:
    """Largest distance of a loop's points to ours, from the starts other than (0, 0)."""
    points = value("point").then(lambda array: array.isel(start=[0, 2, 3, 4]))
    return exact(abs(points.at(side=side) - points.at(side="ours")).over("method", "start", "coordinate", how="max"))


WHY = "Frank-Wolfe stops at 1e-3; at (0, 0) the gradients are parallel and IMTL-G's weights come from rounding"
FIGURE = Figure(
    __name__, size=lambda c, at: f"{len(METHODS)} methods, 5 starts",
    title="A landscape's paths in one program against loops in NumPy and PyTorch",
    question="How much faster are all paths on the landscape in one program than in loops of NumPy or PyTorch with TorchJD?",
    presets={"smoke": dict(steps=20, literal_steps=20, repeats=2)},
    claims=(
        *(Claim.faster(f"times faster per step than {words}", 100.0, speedup(side), "the loop is timed on fewer steps")
          for side, words in (("literal", "a literal loop"), ("torch", "PyTorch with TorchJD's directions"))),
        *(Claim.sanity(f"{words} at the same points (largest distance after the loop's steps, from the starts other than (0, 0))",
                       "same steps", apart(side), between(0.0, 1e-4), unit="units of x", reason=WHY)
          for side, words in (("literal", "both sides are"), ("torch", "PyTorch with TorchJD is"))),
    ),
)  # fmt: skip
