"""The linear forecaster's training as the look-back grows, beside PyTorch where it is installed and a literal NumPy loop."""

import functools
from typing import Any

import numpy as np

from experiments.benchmark_forecasting import literal, peers, programs
from experiments.benchmark_forecasting.programs import Sizes
from mtrl.harness import Axis, BaseConfig, Claim, Figure, at_most, dataset, field, over_seeds, timing
from mtrl.harness.judge import limits
from mtrl.harness.judge.measures import exact, slope, times_faster, value
from mtrl.harness.picture import plots

LOOK = plots.looks({"ours": "mtrl", "torch": "PyTorch", "literal": "NumPy loop"})


class LookbacksConfig(BaseConfig):
    """Microseconds of an update of one DLinearU."""

    seeds: int = field(1, help="not used: one network", lower=1)
    lookbacks: tuple[int, ...] = field((24, 48, 96, 192, 336), help="look-backs", lower=2, unit="rows")
    horizon: int = field(24, help="horizon", lower=1, unit="rows")
    tasks: int = field(7, help="channels", lower=1)
    rows: int = field(1500, help="rows of the series", lower=60)
    updates: int = field(20, help="Adam updates", lower=1)
    batch: int = field(32, help="windows of an update", lower=1)
    repeats: int = field(3, help="interleaved repetitions", lower=2)


def run(config: LookbacksConfig, seeds: np.ndarray) -> Any:
    """Interleaved timings of all sides at every look-back, and how far their weights end from ours."""
    calls = {}
    for lookback in config.lookbacks:
        sizes = Sizes(lookback, config.horizon, 1, config.updates, config.batch)
        windows = dict(lookback=lookback, horizon=config.horizon)
        data = programs.series(tasks=config.tasks, rows=config.rows, single=True, **windows)
        begin = programs.Start(*over_seeds(programs.start, seeds[:1], data, name="DLinearU", sizes=sizes))
        arrays = begin, np.asarray(data.series), np.asarray(data.validation), sizes
        calls["ours", lookback] = programs.trained(data, seeds[:1], "DLinearU", sizes)
        if peers.installed():
            calls["torch", lookback] = peers.quickest(functools.partial(peers.train, "DLinearU", *arrays))
        calls["literal", lookback] = functools.partial(literal.train, *arrays)
    timed = timing.compare(calls, config.repeats)
    sides = [side for side in LOOK if (side, config.lookbacks[0]) in timed]
    ends = {name: call().weights["head"]["centre"] for name, call in calls.items()}
    apart = [[np.max(np.abs(ends[side, size] - ends["ours", size])) for size in config.lookbacks] for side in sides]
    least = limits.least(calls, *(call for call in calls if call[0] == "ours"))
    at_best = [[least[side, size] / config.updates for size in config.lookbacks] for side in sides]
    seconds = [[timed[side, size] / config.updates for size in config.lookbacks] for side in sides]
    return dataset(
        None,
        {"side": sides, "lookback": Axis(config.lookbacks, words="look-back [rows]"), "repeat": np.arange(config.repeats),
         "limited_by": limits.BOUNDS},
        seconds=(("side", "lookback", "repeat"), 1e6 * np.array(seconds), "us", "time of an update"),
        seconds_least=(("side", "lookback", "limited_by"), 1e6 * np.array(at_best), "us", least.words),
        apart=(("side", "lookback"), apart, "1", "largest difference of the shared head's entries to ours"),
    )  # fmt: skip


def draw(data: Any, config: LookbacksConfig) -> Any:
    """Time against the look-back."""
    figure, axes = plots.panel(width=5.6)
    ax, seconds = axes[0, 0], data["seconds"].rename(repeat="seed")
    sides = {side: look for side, look in LOOK.items() if side in data["side"].values}
    plots.points(ax, seconds, "lookback", "side", sides, linestyle="-")
    title = f"DLinearU: {config.tasks} channels, {config.horizon} rows ahead, batch {config.batch}"
    room = 0.3 * float(seconds.min()), 3 * float(seconds.max())  # bands of a shared machine reach below 0
    plots.finish(ax, y="time of an update [µs]", log="xy", ticks=config.lookbacks, title=title, ylim=room)
    return figure


def ahead(side: str, words: str, goal: float) -> Claim:
    """A peer's time over ours, at every look-back."""
    ratio = times_faster(value("seconds", side=side), value("seconds", side="ours"), "an update of DLinearU", words)
    return Claim.faster(f"every look-back: times faster than {words}", goal, ratio)


FIGURE = Figure(
    __name__, size=lambda c, at: f"{c.tasks} channels, {at['lookback']} to {c.horizon} rows, batch {c.batch}",
    title="An update of the linear forecaster against the look-back",
    question="How does the time of an update of the linear forecaster grow with the look-back, in this project, PyTorch and NumPy?",
    presets={
        "smoke": dict(lookbacks=(8, 16), horizon=4, tasks=2, rows=120, updates=2, batch=4, repeats=2),
        "paper": dict(rows=8000, horizon=96, updates=100, repeats=5),
    },
    claims=(
        ahead("torch", "PyTorch", 1.0),
        ahead("literal", "NumPy loop", 1.0),
        Claim.speed("an update's time grows at most linearly in the look-back (fitted exponent)",
                    "twice as many features: products, weights and optimiser grow alike",
                    slope(value("seconds", side="ours").then(lambda array: array.rename(repeat="seed")), "lookback"),
                    at_most(1.15, ".15 for leaving the cache"), unit="exponent"),
        Claim.sanity("all sides end at the same weights (largest difference of the shared head's entries, in steps of the optimiser)",
                     "same weights at the start, same batches, same optimiser",
                     exact((value("apart") / programs.RATE).then(lambda a: a.max())), at_most(0.1),
                     unit="steps", reason="32 bits: where a slope is nearly 0 Adam divides its rounding by itself"),
    ),
)  # fmt: skip
