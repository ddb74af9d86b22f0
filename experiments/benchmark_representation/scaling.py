"""B3: seconds against tasks, samples and dimension with fitted exponents. B4: peak memory at 6400 tasks in 100 dimensions."""

import dataclasses
import functools

import numpy as np

from experiments.benchmark_representation.side_by_side import alternating_sine, draw_batch, moments_sine
from mtrl.harness import (
    BaseConfig,
    Claim,
    Figure,
    Interval,
    at_most,
    between,
    field,
    mean_interval,
    over_seeds,
    spread,
    timing,
)
from mtrl.harness.judge.measures import exact, value

METHODS = ("method of moments", "AltMin")
# Powers of the operation count: N d^2 (moments); N d^2 + T d^2 r^2 per round + (d r)^3 per round (AltMin).
COUNTED = {
    "tasks": {"method of moments": 1, "AltMin": 1},
    "samples": {"method of moments": 1, "AltMin": 1},
    "dim": {"method of moments": 2, "AltMin": 3},
}
VARIANTS = ("none", "moments", "streamed", "gram")


@dataclasses.dataclass(frozen=True)
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
    import xarray as xr

    points = {
        "tasks": [(t, config.samples, config.base_dim) for t in config.tasks],
        "samples": [(config.base_tasks, n, config.base_dim) for n in config.counts],
        "dim": [(config.base_tasks, config.samples, d) for d in config.dims],
    }

    @functools.cache
    def data(size):
        tasks, samples, dim = size
        return spread(over_seeds(draw_batch, seeds, tasks=tasks, samples=samples, dim=dim, rank=config.rank))

    def call(method, size):
        learner, static = (
            (alternating_sine, dict(iterations=config.iterations)) if method == "AltMin" else (moments_sine, {})
        )
        return lambda: over_seeds(learner, seeds, per_seed=data(size), **static)

    grid = {(method, size) for method in METHODS for sizes in points.values() for size in sizes}
    seconds = timing.compare({str(k): call(*k) for k in sorted(grid)}, repeats=config.repeats)
    table = xr.Dataset(
        {
            f"by_{axis}": (
                ("method", axis, "repeat"),
                [[seconds[str((method, size))] for size in sizes] for method in METHODS],
                {"units": "s"},
            )
            for axis, sizes in points.items()
        },
        coords={
            "method": list(METHODS),
            "tasks": list(config.tasks),
            "samples": list(config.counts),
            "dim": list(config.dims),
        },
    )
    return table


def draw(data, config):
    """Log-log time with the fitted exponent and the operation count."""
    from mtrl.harness import style

    canvas, axes = style.subplots(1, 3, width=4.0)
    labels = {
        "tasks": f"tasks T (N = {config.samples} T)",
        "samples": f"samples per task n (N = {config.base_tasks} n)",
        "dim": "dimension d",
    }
    for ax, (axis, label) in zip(axes[0], labels.items(), strict=True):
        x = data[axis].values.astype(float)
        for k, method in enumerate(METHODS):
            times = data[f"by_{axis}"].sel({"method": method}).transpose("repeat", axis).values
            fitted = timing.exponent(x, np.median(times, axis=0))
            style.band(ax, x, times, color=style.COLORS[k], label=f"{method}, fitted exponent {fitted:.2f}")
            power = COUNTED[axis][method]
            style.theory(
                ax, x, np.median(times[:, -1]) * (x / x[-1]) ** power, color=style.COLORS[k], alpha=0.5,
                label=f"operation count: at most {power}",
            )  # fmt: skip
        style.log_ticks(ax, x)
        ax.set_yscale("log")
        ax.set_xlabel(label)
        ax.set_ylabel("time (s)")
        ax.legend(loc="upper left", fontsize=7.5)
        ax.set_ylim(top=ax.get_ylim()[1] * 8)
    return canvas


def _per_doubling(data, config, *, method, axis):
    """Factor in time per doubling of a size, from its smallest to its largest value; interval over the timed rounds."""
    times = data[f"by_{axis}"].sel({"method": method}).transpose("repeat", axis).values
    x = data[axis].values.astype(float)
    return Interval(*np.exp2(mean_interval(np.log2(times[:, -1] / times[:, 0]) / np.log2(x[-1] / x[0]))))


@dataclasses.dataclass(frozen=True)
class MemoryConfig(BaseConfig):
    """Peak resident memory of fresh processes."""

    seeds: int = field(1, help="not used: the measure is of one fit", lower=1)
    tasks: int = field(6400, help="tasks T", lower=2)
    samples: int = field(25, help="samples per task n", lower=1)
    dim: int = field(100, help="dimension d", lower=2)
    rank: int = field(5, help="dimension of the shared subspace r", lower=1)


def run_memory(config, seeds):
    """One process per variant."""
    import xarray as xr

    sizes = [str(v) for v in (config.tasks, config.samples, config.dim, config.rank)]
    module = "experiments.benchmark_representation.memory_probe"
    peaks = [timing.peak_memory(module, variant, *sizes) for variant in VARIANTS]
    data = xr.Dataset({"peak": (("variant",), peaks)}, coords={"variant": list(VARIANTS)})
    data["peak"].attrs["units"] = "bytes"
    data.attrs["data_bytes"] = 8 * config.tasks * config.samples * (config.dim + 1)
    data.attrs["gram_bytes"] = 8 * config.tasks * config.dim**2
    return data


def draw_memory(data, config):
    """Bars in GiB."""
    from mtrl.harness import style

    canvas, axes = style.subplots(1, 1, width=5.5, height=3)
    labels = ["data only", "moments, streamed", "AltMin, streamed", "AltMin, all Gram matrices"]
    axes[0, 0].barh(labels, data["peak"].values / 2**30, color=list(style.COLORS[:4]))
    axes[0, 0].axvline(
        data.attrs["gram_bytes"] / 2**30, color="black", linestyle=":", label="size of all Gram matrices"
    )
    axes[0, 0].set_xlabel("peak resident memory of the process / GiB")
    axes[0, 0].set_title(f"T = {config.tasks}, d = {config.dim}, n = {config.samples}")
    axes[0, 0].invert_yaxis()
    canvas.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower right")
    return canvas


def _extra(data, config, *, variant):
    """Peak above that of drawing the data alone, over that of holding all Gram matrices."""
    extra = value("peak", variant=variant) - value("peak", variant="none")
    return exact(extra / (value("peak", variant="gram") - value("peak", variant="none")))(data, config)


_MARGIN = "one sixth above the count for caches and the machine; below it, fixed costs"

FIGURES = (
    Figure(
        name="scaling",
        aliases=("B3",),
        title="Time against tasks, samples and dimension",
        config=ScalingConfig,
        run=run,
        draw=draw,
        claims=(
            *(
                Claim(
                    text=f"{method}: time grows with the tasks, no faster than in proportion (factor per doubling)",
                    paper="operation count: N d^2 (moments), T d^2 r^2 per round (AltMin)",
                    measure=functools.partial(_per_doubling, method=method, axis="tasks"),
                    accepts=between(1.0, 2.3),
                    kind="speed",
                    unit="times longer per doubling",
                    value=2.0,
                    reason=_MARGIN,
                )
                for method in METHODS
            ),
            *(
                Claim(
                    text=f"{method}: time grows with the samples of a task, no faster than in proportion (factor per doubling)",
                    paper="operation count: N d^2 (moments; AltMin once, for its Gram matrices)",
                    measure=functools.partial(_per_doubling, method=method, axis="samples"),
                    accepts=between(1.0, 2.3),
                    kind="speed",
                    unit="times longer per doubling",
                    value=2.0,
                    reason=_MARGIN,
                )
                for method in METHODS
            ),
            Claim(
                text="AltMin: time grows with the dimension, no faster than cubically (factor per doubling)",
                paper="operation count: T d^2 r^2 + (d r)^3 per round",
                measure=functools.partial(_per_doubling, method="AltMin", axis="dim"),
                accepts=between(1.0, 9.2),
                kind="speed",
                unit="times longer per doubling",
                value=8.0,
                reason=_MARGIN,
            ),
        ),
        presets={
            "smoke": dict(
                tasks=(20, 40), counts=(4, 8), dims=(5, 10), base_tasks=20, base_dim=5, rank=2, iterations=1, repeats=2
            ),
            "paper": dict(tasks=(400, 800, 1600, 3200, 6400), counts=(25, 50, 100), dims=(25, 50, 100, 200)),
        },
    ),
    Figure(
        name="peak_memory",
        aliases=("B4",),
        title="Peak memory at 6400 tasks in 100 dimensions",
        config=MemoryConfig,
        run=run_memory,
        draw=draw_memory,
        claims=tuple(
            Claim(
                text=f"{words} never holds the Gram matrices of all tasks (extra peak over that of holding them)",
                paper="design goal of this library",
                measure=functools.partial(_extra, variant=variant),
                accepts=at_most(0.5),
                kind="speed",
                unit="extra peak memory of AltMin with all Gram matrices",
                reason="half would be one triangle of each",
            )
            for variant, words in (("moments", "the streamed method of moments"), ("streamed", "streamed AltMin"))
        ),
        presets={"smoke": dict(tasks=40, samples=6, dim=10, rank=2), "paper": {}},
    ),
)
