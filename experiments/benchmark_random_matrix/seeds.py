"""All seeds in one compiled program against a Python loop over the same compiled program for one seed."""

import dataclasses
import functools

import numpy as np

from experiments.benchmark_random_matrix.protocol import simulate_path
from mtrl.harness import BaseConfig, Claim, Figure, at_least, between, exact, field, jax, over_seeds, style, timing


@dataclasses.dataclass(frozen=True)
class SeedsConfig(BaseConfig):
    """Seconds for all seeds of a simulated risk curve, for several dimensions."""

    seeds: int = field(64, help="seeds", lower=2)
    dims: tuple[int, ...] = field((8, 16, 32, 64), help="dimensions d = n_t", lower=4)
    points: int = field(8, help="couplings per curve", lower=2)
    repeats: int = field(5, help="interleaved repetitions", lower=2)


def loop(single, seeds, *arguments):
    """One call per seed."""
    return np.stack([np.asarray(single(jax.random.key(int(seed)), *arguments)) for seed in seeds])


def run(config, seeds):
    """Interleaved timings per dimension, and the largest deviation of the results."""
    import xarray as xr

    lams = np.geomspace(0.05, 20, config.points)
    rows, gaps = [], []
    for d in config.dims:
        arguments = (0.5, 1.0, 0.3, lams)
        single = jax.jit(functools.partial(simulate_path, dim=d))
        together = functools.partial(over_seeds, simulate_path, seeds, *arguments, dim=d)
        one_by_one = functools.partial(loop, single, seeds, *arguments)
        seconds = timing.compare({"together": together, "loop": one_by_one}, config.repeats)
        rows.append([seconds["together"], seconds["loop"]])
        gaps.append(np.abs(together() / one_by_one() - 1).max())
    return xr.Dataset(
        {"seconds": (("dim", "method", "repeat"), np.array(rows), {"units": "s"}), "deviation": ("dim", gaps)},
        coords={"dim": list(config.dims), "method": ["together", "loop"], "repeat": np.arange(config.repeats)},
    )


def draw(data, config):
    """Seconds against dimension."""
    figure, axes = style.subplots(1, 1, width=5.0, height=3.6)
    ax = axes[0, 0]
    for method, label, color in zip(
        ("together", "loop"), ("one program for all seeds", "Python loop over seeds"), style.COLORS, strict=False
    ):
        samples = data["seconds"].sel({"method": method}).transpose("repeat", "dim")
        style.band(ax, data["dim"], samples, label=label, color=color, linestyle="-")
    ratios = data["seconds"].sel({"method": "loop"}).median("repeat") / data["seconds"].sel(
        {"method": "together"}
    ).median("repeat")
    for d, r in zip(data["dim"].values, ratios.values, strict=True):
        ax.annotate(
            f"{r:.1f}x",
            (d, float(data["seconds"].sel({"method": "loop", "dim": d}).max())),
            ha="center",
            va="bottom",
            fontsize=8.5,
        )
    ax.set(xscale="log", yscale="log", xlabel="dimension d = n per task", ylabel=f"seconds for {config.seeds} seeds")
    ax.set_xticks(data["dim"].values, [str(v) for v in data["dim"].values])
    ax.minorticks_off()
    ax.legend()
    return figure


def speedup(data):
    """Loop over vmapped, smallest dimension."""
    part = data["seconds"].isel(dim=0)
    return timing.ratio_interval(part.sel({"method": "loop"}).values, part.sel({"method": "together"}).values)


FIGURE = Figure(
    name="seeds",
    title="Seeds vmapped against a Python loop",
    config=SeedsConfig,
    run=run,
    draw=draw,
    presets={"smoke": dict(seeds=4, dims=(4, 8), points=2, repeats=2)},
    claims=(
        Claim("times faster than a loop over seeds, smallest dimension", "goal: faster", speedup, at_least(1.0), kind="speed",
              unit="times", reason="faster at all"),
        Claim("both give the same risks (largest relative deviation)", "same draws",
              lambda data: exact(data["deviation"].max(skipna=False)),
              between(0.0, 1e-8), kind="sanity", unit="relative", reason="order of summation"),
    ),
)  # fmt: skip
