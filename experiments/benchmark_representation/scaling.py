"""Seconds against tasks, samples and dimension with fitted exponents."""

import functools

import numpy as np

from experiments.benchmark_representation.protocol import alternating_sine, draw_batch, moments_sine
from mtrl.harness import Axis, BaseConfig, Claim, Figure, Interval, between, dataset, field, over_seeds, spread, timing
from mtrl.harness.judge.measures import FIRST, LAST, log, times_faster, value
from mtrl.harness.picture import plots

METHODS = ("method of moments", "AltMin")
LOOK = plots.looks(METHODS)
# Powers of the operation count: N d^2 (moments); N d^2 + T d^2 r^2 per round + (d r)^3 per round (AltMin).
COUNTED = {"tasks": (1, 1), "samples": (1, 1), "dim": (2, 3)}


class ScalingConfig(BaseConfig):
    """Time against T, against N at fixed T, and against d; the data are drawn beforehand."""

    seeds: int = field(1, help="problems at once", lower=1)
    tasks: tuple[int, ...] = field((250, 500, 1000, 2000), help="tasks T on the left axis", lower=2)
    counts: tuple[int, ...] = field((10, 20, 40, 80), help="samples per task n on the middle axis", lower=2)
    dims: tuple[int, ...] = field((25, 50, 100), help="dimensions d on the right axis", lower=2)
    base_tasks: int = field(500, help="tasks while n or d varies", lower=2)
    base_dim: int = field(50, help="dimension while T or n varies", lower=2)
    samples: int = field(10, help="samples per task n while T or d varies", lower=2)
    rank: int = field(4, help="dimension of the shared subspace r", lower=1)
    iterations: int = field(5, help="AltMin iterations", lower=1)
    repeats: int = field(5, help="timed rounds", lower=2)


def run(config, seeds):
    """Interleaved timings over the grid."""
    points = {
        "tasks": [(t, config.samples, config.base_dim) for t in config.tasks],
        "samples": [(config.base_tasks, n, config.base_dim) for n in config.counts],
        "dim": [(config.base_tasks, config.samples, d) for d in config.dims],
    }
    learners = {
        "method of moments": (moments_sine, {}),
        "AltMin": (alternating_sine, {"iterations": config.iterations}),
    }

    @functools.cache
    def data(size):
        tasks, samples, dim = size
        return spread(over_seeds(draw_batch, seeds, tasks=tasks, samples=samples, dim=dim, rank=config.rank))

    def call(method, size):
        learner, static = learners[method]
        return lambda: over_seeds(learner, seeds, per_seed=data(size), **static)

    grid = sorted({(method, size) for method in METHODS for sizes in points.values() for size in sizes})
    seconds = timing.compare({str(key): call(*key) for key in grid}, repeats=config.repeats)
    coords = {
        "method": list(METHODS),
        "tasks": Axis(list(config.tasks), words="tasks T"),
        "samples": Axis(list(config.counts), words="samples per task n"),
        "dim": Axis(list(config.dims), words="dimension d"),
    }
    tables = {
        f"by_{axis}": (
            ("method", axis, "repeat"),
            [[seconds[str((method, size))] for size in sizes] for method in METHODS],
            "s",
            "time",
        )
        for axis, sizes in points.items()
    }
    return dataset(None, coords, **tables)


def draw(data, config):
    """Log-log time with the fitted exponent and the operation count."""
    figure, axes = plots.panel(1, 3, width=4.0, height=3.3)
    labels = {
        "tasks": f"tasks T (N = {config.samples} T)",
        "samples": f"samples per task n (N = {config.base_tasks} n)",
        "dim": "dimension d",
    }
    for ax, (axis, words) in zip(axes[0], labels.items(), strict=True):
        x = data[axis].astype(float)
        for method, power in zip(METHODS, COUNTED[axis], strict=True):
            times = data[f"by_{axis}"].sel({"method": method}).rename(repeat="seed")
            fitted = timing.exponent(x.values, times.median("seed").values)
            look = LOOK[method]._replace(words=f"{method}, fitted exponent {fitted:.2f}")
            plots.points(ax, times, axis, look=look)
            count = times.isel({axis: -1}).median().item() * (x / x[-1]) ** power
            plots.theory(ax, count, axis, look=look._replace(words=f"operation count: at most {power}"), alpha=0.5)
        legend = dict(loc="upper left", fontsize=7.5)
        plots.finish(ax, x=words, y="time [s]", log="y", ticks=x.values, legend=legend)
        ax.set_ylim(top=ax.get_ylim()[1] * 8)
    return figure


def per_doubling(method: str, axis: str):
    """Factor in time per doubling of a size, from its smallest to its largest value; interval over the timed rounds."""
    times, size = value(f"by_{axis}", method=method), value(axis)
    doublings = log(size.at(**{axis: LAST}) / size.at(**{axis: FIRST})) / np.log(2)
    growth = times_faster(times.at(**{axis: LAST}), times.at(**{axis: FIRST}))
    return lambda data, config: Interval(*np.array(growth(data, config)) ** (1 / float(doublings(data, config))))


def claim(method: str, axis: str, words: str, paper: str, count: float, most: float) -> Claim:
    """Claim: time grows with a size, no faster than counted."""
    return Claim.speed(text=f"{method}: time grows with {words} (factor per doubling)", paper=f"operation count: {paper}",
                       measure=per_doubling(method, axis), accepts=between(1.0, most,
                       "one sixth above the count for caches and the machine; below it, fixed costs"),
                       unit="times longer per doubling", value=count)  # fmt: skip


LINEAR = {
    "tasks": ("the tasks, no faster than in proportion", "N d^2 (moments), T d^2 r^2 per round (AltMin)"),
    "samples": (
        "the samples of a task, no faster than in proportion",
        "N d^2 (moments; AltMin once, for its Gram matrices)",
    ),
}

FIGURE = Figure(
    __name__, aliases=("B3",),
    title="Time against tasks, samples and dimension",
    question="How does the time of the subspace learners grow with tasks, samples and dimension?",
    claims=(
        *(claim(method, axis, *words, 2.0, 2.3) for axis, words in LINEAR.items() for method in METHODS),
        claim("AltMin", "dim", "the dimension, no faster than cubically", "T d^2 r^2 + (d r)^3 per round", 8.0, 9.2),
    ),
    presets={
        "smoke": dict(
            tasks=(20, 40), counts=(4, 8), dims=(5, 10), base_tasks=20, base_dim=5, rank=2, iterations=1, repeats=2
        ),
        "paper": dict(tasks=(400, 800, 1600, 3200, 6400), counts=(25, 50, 100), dims=(25, 50, 100, 200)),
    },
)  # fmt: skip
