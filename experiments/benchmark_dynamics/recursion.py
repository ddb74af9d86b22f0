"""The scalar recursion of Figure 2 and the traces of Figure 1 against literal loops."""

from typing import Any

import numpy as np

from experiments.benchmark_dynamics import literal, peers, programs
from experiments.benchmark_dynamics.protocol import LOOP, OURS, calling, faster
from mtrl import dynamics
from mtrl.harness import BaseConfig, Claim, Figure, at_most, dataset, field, timing
from mtrl.harness.judge import limits
from mtrl.harness.judge.measures import exact, times_faster, value
from mtrl.harness.picture import plots

WORK = ("scalar recursion", "phase portraits")
SIDES = {"literal": LOOP, "peer": plots.Look("NumPy,\nall runs at once", "#E69F00"), "ours": OURS}


class Config(BaseConfig):
    """8 modes x 3 windows x runs, D = 4; 4 depths x 2 windows x runs."""

    seeds: int = field(16, help="runs done together", lower=1)
    steps: int = field(1000, help="steps", lower=1)
    depths: tuple[int, ...] = field((2, 5, 8, 13), help="matrices a pathway, phase portraits", lower=2, distinct=True)
    repeats: int = field(5, help="interleaved repetitions", lower=2)


def run(config: Config, seeds: np.ndarray) -> Any:
    """Both sides from the same starts, timed in turn."""
    draws, s = np.random.default_rng(int(seeds[0])), np.asarray(dynamics.hierarchy().s)
    small = (0.01 * (1 + 0.1 * draws.normal(size=(len(seeds), len(s))))) ** 0.25
    large = 0.01 * draws.normal(size=(len(seeds), 2))
    windows, two = np.array([[0, 150], [400, 550], [750, 900]], np.int32), np.array([[0, 15], [100, 115]], np.int32)
    steps, depths = np.array([config.steps], np.int32), np.array(config.depths)
    calls = {
        "ours scalar recursion": calling(programs.recursion, small, s, windows, 0.01, steps, depth=4),
        "ours phase portraits": calling(
            programs.portraits, large, np.array([10.0]), two, 1e-3, steps, depths=config.depths
        ),
        "peer scalar recursion": lambda: peers.recursion(small, s, windows, 0.01, config.steps, 4),
        "peer phase portraits": lambda: peers.portraits(large, 10.0, depths, two, 1e-3, config.steps),
        "literal scalar recursion": lambda: literal.recursion(small, s, windows, 0.01, config.steps, 4),
        "literal phase portraits": lambda: literal.portraits(large, 10.0, depths, two, 1e-3, config.steps),
    }
    seconds, least = timing.compare(calls, config.repeats), limits.least(calls, *list(calls)[:2])
    found = {name: np.asarray(call()) for name, call in calls.items()}
    apart = [
        max(np.abs(found[f"{side} {work}"] - found[f"literal {work}"]).max() for side in ("ours", "peer"))
        for work in WORK
    ]
    counts = [small.size * len(windows) * config.steps, 2 * len(large) * len(two) * len(config.depths) * config.steps]
    return dataset(
        None,
        {"work": list(WORK), "repeat": np.arange(config.repeats), "limited_by": limits.BOUNDS},
        ours=(("work", "repeat"), [seconds[f"ours {work}"] for work in WORK], "s", "wall time"),
        ours_least=(("work", "limited_by"), [least[f"ours {work}"] for work in WORK], "s", least.words),
        literal=(("work", "repeat"), [seconds[f"literal {work}"] for work in WORK], "s", "wall time"),
        peer=(("work", "repeat"), [seconds[f"peer {work}"] for work in WORK], "s", "wall time"),
        apart=("work", apart, "1", "largest difference of final strengths"),
        updates=("work", counts, "1", "updates of one number"),
    )  # fmt: skip


def speedup(work: str, other: str = "literal") -> Any:
    """Another side's seconds over ours."""
    return times_faster(value(other, work=work), value("ours", work=work), work, SIDES[other].words.replace("\n", " "))


def draw(data: Any, config: Config) -> Any:
    """Seconds side by side, and how many times faster."""
    import xarray as xr

    figure, axes = plots.panel(1, 2, width=4.6, height=3.6, sharey=True)
    for ax, work in zip(axes[0], WORK, strict=True):
        here = data.sel(work=work)
        sides = [side for side in SIDES if side in data]  # data of an earlier run have no peer
        all_of_them = xr.concat([here[side] for side in sides], xr.Variable("side", sides))
        plots.bars(ax, all_of_them.rename(repeat="seed"), "side", {side: SIDES[side] for side in sides}, upright=True)
        ratio = speedup(work)(data, config).value
        rate = float(here["updates"] / here["ours"].min())
        title = f"{work}: {ratio:.0f}x, {rate / 1e6:.0f} million updates / s"
        plots.finish(ax, y="wall time [s]", log="y", title=title)
    return figure


FIGURE = Figure(
    __name__, size=lambda c, at: f"{c.seeds} runs, {c.steps} steps", headline=True,
    title="Scalar recursion and phase portraits against literal NumPy loops",
    question="How much faster are the scalar recursion and the phase portraits than literal NumPy loops, with the same end points?",
    claims=(
        *(faster(f"{work} at least 30 times faster than a literal loop", 30.0,
                speedup(work), "literal seconds over ours") for work in WORK),
        *(faster(f"{work} faster than NumPy on all runs at once", 1.0, speedup(work, "peer"), "NumPy seconds over ours") for work in WORK),
        Claim.sanity("all sides agree: largest difference of final strengths", "the same recursion from the same starts",
              exact(value("apart").then(lambda array: array.max("work"))), at_most(1e-9), unit="1", reason="rounding"),
    ),
    presets={"smoke": dict(seeds=2, steps=20, depths=(2, 3), repeats=2), "paper": dict(seeds=100, repeats=10)},
)  # fmt: skip
