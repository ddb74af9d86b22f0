"""The linear forecaster in closed form over a grid of couplings, beside scikit-learn's ridge and the dense equations at every coupling."""

import functools
from typing import Any

import numpy as np

from experiments.benchmark_forecasting import literal, programs
from mtrl.harness import Axis, BaseConfig, Claim, Figure, at_most, dataset, field, timing
from mtrl.harness.judge import limits
from mtrl.harness.judge.measures import exact, times_faster, value
from mtrl.harness.picture import plots

LOOK = plots.looks({"ours": "mtrl", "scikit": "scikit-learn, a ridge a coupling",
                    "dense": "NumPy, one system of all channels a coupling"})  # fmt: skip


class RidgeConfig(BaseConfig):
    """Seconds of the whole grid of couplings, chosen on the validation windows."""

    seeds: int = field(1, help="not used: one series", lower=1)
    lookbacks: tuple[int, ...] = field((8, 16, 36, 64), help="look-backs", lower=2, unit="rows")
    horizon: int = field(4, help="horizon", lower=1, unit="rows")
    tasks: int = field(6, help="channels", lower=1)
    rows: int = field(900, help="rows of the series", lower=60)
    repeats: int = field(3, help="interleaved repetitions", lower=2)


def run(config: RidgeConfig, seeds: np.ndarray) -> Any:
    """Interleaved timings of all sides at every look-back; the chosen maps' distance to those of the dense equations."""
    calls = {}
    for lookback in config.lookbacks:
        windows = dict(lookback=lookback, horizon=config.horizon)
        data = programs.series(tasks=config.tasks, rows=config.rows, single=False, **windows)
        calls["ours", lookback] = programs.closed_form(data, **windows)
        for side, fit in {"scikit": literal.scikit, "dense": literal.dense}.items():
            calls[side, lookback] = functools.partial(literal.least, fit, data, **windows)
    timed = timing.compare(calls, config.repeats)
    least = limits.least(calls, *(call for call in calls if call[0] == "ours"))
    maps = {name: np.asarray(call()[0]) for name, call in calls.items()}
    apart = [
        [np.abs(maps[side, size] - maps["dense", size]).max() / np.abs(maps["dense", size]).max() for size in config.lookbacks]
        for side in LOOK
    ]  # fmt: skip
    return dataset(
        None,
        {"side": list(LOOK), "lookback": Axis(config.lookbacks, words="look-back [rows]"), "repeat": np.arange(config.repeats),
         "limited_by": limits.BOUNDS},
        seconds=(("side", "lookback", "repeat"), [[timed[side, size] for size in config.lookbacks] for side in LOOK], "s",
                 "time of the grid"),
        seconds_least=(("side", "lookback", "limited_by"), [[least[side, size] for size in config.lookbacks] for side in LOOK], "s",
                       least.words),
        apart=(("side", "lookback"), apart, "relative", "largest difference of the chosen maps to the dense equations'"),
    )  # fmt: skip


def draw(data: Any, config: RidgeConfig) -> Any:
    """Time against the look-back."""
    figure, axes = plots.panel(width=5.6)
    ax, seconds = axes[0, 0], data["seconds"].rename(repeat="seed")
    plots.points(ax, seconds, "lookback", "side", LOOK, linestyle="-")
    title = f"{len(programs.GAMMAS) * len(programs.LAMS)} couplings, {config.tasks} channels of {config.rows} rows"
    room = 0.3 * float(seconds.min()), 30 * float(seconds.max())  # bands of a shared machine reach below 0
    words = dict(y="time of the grid [s]", title=title, legend="upper left")
    plots.finish(ax, log="xy", ticks=config.lookbacks, ylim=room, **words)
    return figure


def ahead(side: str, words: str) -> Claim:
    """A peer's time over ours, at every look-back."""
    ratio = times_faster(value("seconds", side=side), value("seconds", side="ours"), "the grid of couplings", words)
    return Claim.faster(f"every look-back: the grid of couplings times faster than {words}", 10.0, ratio)


FIGURE = Figure(
    __name__, headline=True, size=lambda c, at: f"30 couplings, {c.tasks} channels of {c.rows} rows, {at['lookback']} to {c.horizon} rows",
    title="The linear forecaster in closed form beside scikit-learn",
    question="How fast is the closed form over a whole grid of couplings, beside a ridge of scikit-learn or a dense system at each?",
    presets={
        "smoke": dict(lookbacks=(4, 8), tasks=2, rows=80, repeats=2),
        "paper": dict(lookbacks=(8, 16, 36, 96), tasks=7, rows=3000, horizon=96),
    },
    claims=(
        ahead("scikit", "scikit-learn's ridge at every coupling"),
        ahead("dense", "NumPy's dense system at every coupling"),
        Claim.sanity("all sides choose the same maps (largest difference over the largest entry)", "same estimator, same grid",
                     exact(value("apart").then(lambda a: a.max())), at_most(1e-8), unit="relative", reason="rounding"),
    ),
)  # fmt: skip
