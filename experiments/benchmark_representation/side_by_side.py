"""B1: subspace learners over seeds against literal NumPy loops.

Both sides are timed in turn within one process, on the same data; only ratios are reported. Drawing the data is a bar of its own: it
measures two generators of normal numbers, not the learners.
"""

import dataclasses
import functools

import numpy as np

from experiments.benchmark_representation import literal
from mtrl import representation
from mtrl.harness import BaseConfig, Claim, Figure, at_least, field, over_seeds, split_named, spread, timing
from mtrl.numerics import moments
from mtrl.numerics.linalg import subspaces

DRAWING = "drawing the data"
SUBSPACE = ("method of moments", "AltMin", "T2 curve")


@dataclasses.dataclass(frozen=True)
class SpeedConfig(BaseConfig):
    """Seconds of this library and of the yardstick, in turn."""

    seeds: int = field(30, help="problems solved in one program (this library) or in a loop (yardstick)", lower=1)
    repeats: int = field(3, help="timed rounds", lower=2)
    tasks: tuple[int, ...] = field(
        (100, 200), help="source tasks T; the T2 curve runs all, the others the last", lower=2
    )
    samples: int = field(10, help="samples per task n", lower=2)
    dim: int = field(20, help="input dimension d", lower=2)
    rank: int = field(3, help="dimension of the shared subspace r", lower=1)
    iterations: int = field(10, help="AltMin iterations", lower=1)
    search: int = field(60, help="L-BFGS iterations", lower=1)


def draw_batch(key, *, tasks, samples, dim, rank):
    """One problem of the law of Tripuraneni et al. 2021: basis, x (task, sample, dim), y (task, sample)."""
    keys = split_named(key, "problem", "source")
    params = representation.subspace.sample(keys["problem"], tasks=tasks, dim=dim, rank=rank)
    return params.basis, *representation.subspace.draw(keys["source"], params, samples=samples)


def moments_sine(key, basis, x, y):
    """Method of moments."""
    return subspaces.sin_theta(basis, representation.subspace.method_of_moments(x, y, rank=basis.shape[1]))


def alternating_sine(key, basis, x, y, *, iterations):
    """AltMin from moments."""
    start = representation.subspace.method_of_moments(x, y, rank=basis.shape[1])
    return subspaces.sin_theta(
        basis,
        representation.subspace.alternating_minimisation(moments.moments(x, y), start, iterations=iterations).basis,
    )


def curve_point(key, basis, x, y, *, search):
    """Moments and factored search: one point of the learning curve."""
    found = representation.subspace.factored_least_squares(
        key, x, y, rank=basis.shape[1], iterations=search, value_tolerance=0.0
    )
    return moments_sine(key, basis, x, y), subspaces.sin_theta(basis, found.basis)


def _workloads(config, seeds):
    """Pairs of callables without arguments, this library and the yardstick, on the same data; drawing the data apart."""
    sizes = dict(samples=config.samples, dim=config.dim, rank=config.rank)
    batches = {tasks: over_seeds(draw_batch, seeds, tasks=tasks, **sizes) for tasks in config.tasks}
    # Both sides get the data ready to use: ours as one batch spread over the devices, the yardstick's as lists of tasks.
    ready = {tasks: spread(batch) for tasks, batch in batches.items()}
    listed = {
        tasks: [(basis, list(zip(x, y, strict=True))) for basis, x, y in zip(*batch, strict=True)]
        for tasks, batch in batches.items()
    }
    last = config.tasks[-1]

    def ours(tasks, learner, **static):
        return over_seeds(learner, seeds, per_seed=ready[tasks], in_turn=True, **static)

    def loop(solve, tasks):
        for seed, (basis, data) in zip(seeds, listed[tasks], strict=True):
            solve(np.random.default_rng(seed), basis, data)

    def by_moments(rng, basis, data):
        literal.sine(basis, literal.moments(data, config.rank))

    def alternate(rng, basis, data):
        start = literal.moments(data, config.rank)
        literal.sine(basis, literal.alternating(data, start, config.iterations))

    def point(rng, basis, data):
        by_moments(rng, basis, data)
        literal.sine(basis, literal.factored(rng, data, config.rank, config.search))

    def redraw():
        for seed in seeds:
            literal.draw(np.random.default_rng(seed), last, config.samples, config.dim, config.rank)

    return {
        "method of moments": (lambda: ours(last, moments_sine), lambda: loop(by_moments, last)),
        "AltMin": (
            lambda: ours(last, alternating_sine, iterations=config.iterations),
            lambda: loop(alternate, last),
        ),
        "T2 curve": (
            lambda: [ours(tasks, curve_point, search=config.search) for tasks in config.tasks],
            lambda: [loop(point, tasks) for tasks in config.tasks],
        ),
        DRAWING: (lambda: over_seeds(draw_batch, seeds, tasks=last, **sizes), redraw),
    }


def timed(workloads, repeats):
    """Seconds (workload, side, repeat) of pairs of callables, in turn within one process."""
    import xarray as xr

    rows = []
    for ours, yardstick in workloads.values():
        seconds = timing.compare({"ours": ours, "yardstick": yardstick}, repeats=repeats)
        rows.append(np.stack([seconds["ours"], seconds["yardstick"]]))
    data = xr.Dataset(
        {"seconds": (("workload", "side", "repeat"), np.stack(rows))},
        coords={"workload": list(workloads), "side": ["ours", "yardstick"], "repeat": np.arange(repeats)},
    )
    data["seconds"].attrs["units"] = "s"
    return data


def run(config, seeds):
    """B1."""
    return timed(_workloads(config, seeds), config.repeats)


def draw(data, config, *, goal, title):
    """Bars of the ratio with their intervals."""
    from mtrl.harness import style

    canvas, axes = style.subplots(1, 1, width=5.2, height=3.4)
    ax = axes[0, 0]
    names = list(data["workload"].values)
    ratios = [ratio(data, name) for name in names]
    centre = np.array([r.value for r in ratios])
    spread = np.abs(np.array([[r.value - r.low, r.high - r.value] for r in ratios]).T)
    ax.barh(names, centre, xerr=spread, color=list(style.COLORS[: len(names)]), capsize=3)
    for place, (r, name) in enumerate(zip(ratios, names, strict=True)):
        seconds = data["seconds"].sel(workload=name).median("repeat").values
        ax.annotate(
            f"{r.value:.1f}x  ({seconds[1]:.2f} s / {seconds[0]:.3f} s)",
            (r.high, place),
            xytext=(5, 0),
            textcoords="offset points",
            va="center",
            fontsize=8,
        )
    ax.axvline(goal, color="black", linestyle=":", label=f"goal {goal:g}x")
    ax.set_xlim(right=2.2 * max(max(r.high for r in ratios), goal))
    ax.set_xlabel("times faster than the yardstick")
    ax.set_title(title)
    canvas.legend(*ax.get_legend_handles_labels(), loc="outside lower right")
    return canvas


def ratio(data, workload):
    """Times faster, with interval over the paired rounds."""
    seconds = data["seconds"].sel(workload=workload)
    return timing.ratio_interval(seconds.sel(side="yardstick").values, seconds.sel(side="ours").values)


FIGURES = (
    Figure(
        name="subspace_learners",
        aliases=("B1",),
        title="Subspace learners over 30 seeds against literal NumPy loops",
        config=SpeedConfig,
        run=run,
        draw=functools.partial(draw, goal=30.0, title="subspace learners, literal NumPy loop as yardstick"),
        claims=tuple(
            Claim(
                text=f"{name} over all seeds is at least 30 times faster than a literal NumPy loop",
                paper="goal of this library on 2 cores; yardstick: the loops of `literal`",
                measure=functools.partial(ratio, workload=name),
                accepts=at_least(30.0),
                kind="speed",
                unit="times faster",
                value=30.0,
            )
            for name in SUBSPACE
        ),
        presets={
            "smoke": dict(seeds=2, repeats=2, tasks=(10,), dim=6, rank=2, iterations=2, search=5),
            "paper": dict(repeats=5, tasks=(100, 200, 400, 800), samples=25, dim=100, rank=5, search=200),
        },
    ),
)
