"""Cost of the linear bandits against tasks, dimension, arms and rounds, and how far it is from what the machine can do."""

import dataclasses
from typing import Any

import numpy as np

from experiments.benchmark_bandits.linear import ours
from mtrl.harness import BaseConfig, Claim, Figure, Interval, at_most, field, jax, jnp, timing

AXES = ("tasks", "dim", "arms", "rounds")
METHODS = ("LinUCB", "MTLR-OFUL")


@dataclasses.dataclass(frozen=True)
class ScalingConfig(BaseConfig):
    """One size at a time is doubled, the others stay at the base."""

    seeds: int = field(32, help="seeds run together", lower=1)
    tasks: int = field(8, help="tasks M at the base", lower=1)
    dim: int = field(8, help="dimension d at the base", lower=2)
    rank: int = field(2, help="subspace dimension k", lower=1)
    arms: int = field(8, help="arms A at the base", lower=2)
    rounds: int = field(100, help="rounds T at the base", lower=1)
    factors: tuple[int, ...] = field((1, 4), help="multiples of the base size", lower=1)
    repeats: int = field(3, help="repetitions", lower=2)
    noise: float = field(0.3, help="noise standard deviation", lower=0.0)


def operations(method: str, tasks: int, dim: int, rank: int, arms: int, rounds: int) -> float:
    """Floating-point operations of one seed, leading terms: widths, inverse update, and MTLR-OFUL's sweep and search."""
    per_round = tasks * (2 * arms * dim**2 + 4 * dim**2 + 4 * arms * dim)
    if method == "MTLR-OFUL":
        sweep = tasks * (2 * rank**2 * dim**2 + 4 * rank * dim**2) + 2 * (rank * dim) ** 3 / 3
        per_round += sweep + 34 * 4 * tasks * arms
    return float(rounds * per_round)


def machine(repeats: int) -> tuple[float, float]:
    """Arithmetic (operations / s of a large float64 matrix product) and memory rate (bytes / s of adding one to a large array)."""
    a = jnp.ones((1024, 1024))
    b = jnp.ones(2**24)
    product, shift = jax.jit(lambda x: x @ x), jax.jit(lambda x: x + 1.0)
    seconds = timing.compare({"product": lambda: product(a), "shift": lambda: shift(b)}, repeats)
    return 2 * 1024**3 / seconds["product"].min(), 2 * b.nbytes / seconds["shift"].min()


def run(config: ScalingConfig, seeds: np.ndarray) -> Any:
    """Time every size, and the machine's two limits."""
    import xarray as xr

    calls, flops, sizes = {}, {}, {}
    for axis in AXES:
        for factor in config.factors:
            here = dataclasses.replace(config, **{axis: getattr(config, axis) * factor})
            numbers = {name: getattr(here, name) for name in AXES}
            for method in METHODS:
                label = (method, axis, factor)
                calls[str(label)] = ours(here, seeds, method)
                flops[label] = len(seeds) * operations(method, rank=config.rank, **numbers)
                sizes[axis, factor] = numbers[axis]
    seconds = timing.compare(calls, config.repeats)
    peak, bandwidth = machine(config.repeats)
    shape = (len(METHODS), len(AXES), len(config.factors))
    labels = [(m, a, f) for m in METHODS for a in AXES for f in config.factors]
    wall = np.stack([seconds[str(label)] for label in labels]).reshape(*shape, config.repeats)
    count = np.array([flops[label] for label in labels]).reshape(shape)
    # Bytes: every round reads and writes each task's inverse (and Gram matrix) once.
    data = xr.Dataset(
        {
            "seconds": (("method", "axis", "factor", "repeat"), wall),
            "operations": (("method", "axis", "factor"), count),
            "size": (("axis", "factor"), [[sizes[a, f] for f in config.factors] for a in AXES]),
            "peak": ((), peak),
            "bandwidth": ((), bandwidth),
            "bytes": (("axis", "factor"), _bytes(config, len(seeds))),
        },
        coords={
            "method": list(METHODS),
            "axis": list(AXES),
            "factor": list(config.factors),
            "repeat": np.arange(config.repeats),
        },
    )
    data["seconds"].attrs["units"] = "s"
    data["peak"].attrs["units"] = "operations / s"
    data["bandwidth"].attrs["units"] = "bytes / s"
    return data


def _bytes(config: ScalingConfig, seeds: int) -> list[list[float]]:
    """Traffic of state and contexts: the inverse is read and written, the contexts written and read, once a round."""
    table = []
    for axis in AXES:
        row = []
        for factor in config.factors:
            size = {name: getattr(config, name) * (factor if name == axis else 1) for name in AXES}
            per_round = 2 * 8 * size["tasks"] * (size["dim"] ** 2 + size["arms"] * size["dim"])
            row.append(float(seeds * size["rounds"] * per_round))
        table.append(row)
    return table


def exponents(data: Any) -> np.ndarray:
    """Slope of log seconds against log size, (method, axis, repeat)."""
    seconds, sizes = data["seconds"].values, data["size"].values
    return np.array(
        [
            [
                [timing.exponent(sizes[a], seconds[m, a, :, r]) for r in range(seconds.shape[3])]
                for a in range(len(AXES))
            ]
            for m in range(len(METHODS))
        ]
    )


def draw(data: Any, config: ScalingConfig) -> Any:
    """Left: seconds against every size. Right: a table of exponents and distances to the machine's limits."""
    from mtrl.harness import style

    figure, axes = style.subplots(1, 2, width=4.8)
    left, right = axes[0]
    for j, axis in enumerate(data["axis"].values):
        for m, line in zip(range(len(METHODS)), ("-", "--"), strict=True):
            y = data["seconds"].values[m, j].mean(-1)
            label = f"{METHODS[m]}, {axis}"
            left.plot(data["factor"].values, y, line + style.MARKERS[j], color=style.COLORS[j], label=label)
    left.set(yscale="log", xlabel="multiple of the base size", ylabel="wall time (s)")
    left.set_title(
        f"{config.seeds} seeds; base M = {config.tasks}, d = {config.dim}, A = {config.arms}, T = {config.rounds}"
    )
    style.log_ticks(left, data["factor"])
    left.set_ylim(top=float(data["seconds"].max()) * 6)
    left.legend(ncol=2, fontsize=7, loc="upper left")
    slopes = exponents(data).mean(-1)
    rows = [[f"{slopes[m, j]:.2f}" for j in range(len(AXES))] for m in range(len(METHODS))]
    for m in range(len(METHODS)):
        seconds = float(data["seconds"].values[m, 0, -1].min())
        compute = float(data["operations"].values[m, 0, -1]) / float(data["peak"]) / seconds
        memory = float(data["bytes"].values[0, -1]) / float(data["bandwidth"]) / seconds
        rows[m] += [f"{100 * compute:.1f} %", f"{100 * memory:.1f} %"]
    columns = [*(f"~{axis}^" for axis in AXES), "arithmetic", "memory"]
    style.table(right, rows, columns, list(METHODS))
    rates = f"{float(data['peak']) / 1e9:.0f} Gflop/s, {float(data['bandwidth']) / 1e9:.0f} GB/s"
    right.set_title(f"fitted exponents; share of the limits\n({rates} main memory; above 100 %: in cache)", fontsize=9)
    return figure


def growth(method: str, axis: str) -> Any:
    """Measure: seconds at the largest over the smallest size, over the same ratio of the counted operations."""

    def measure(data: Any) -> Interval:
        part = data.sel({"method": method, "axis": axis})
        seconds, counted = part["seconds"].transpose("factor", "repeat").values, part["operations"].values
        ratio = timing.ratio_interval(seconds[-1], seconds[0])
        return Interval(*(x * counted[0] / counted[-1] for x in ratio))

    return measure


def claim(method: str, axis: str, words: str, count: str) -> Claim:
    """Time grows at most as the operations do: a ratio of two sizes, not an exponent."""
    return Claim(
        text=f"{method}'s time grows at most as its operations in {words}, from the smallest to the largest size (over theirs)",
        paper=count,
        measure=growth(method, axis),
        accepts=at_most(1.15),
        kind="speed",
        unit="growth of the time over growth of the operations",
        reason="15 % for the timer's noise",
    )


FIGURE = Figure(
    name="scaling",
    title="Cost of linear bandits against M, d, A and T, with the machine's limits",
    config=ScalingConfig,
    run=run,
    draw=draw,
    claims=(
        claim("LinUCB", "tasks", "the number of tasks", "operations M (2 A d^2 + 4 d^2 + 4 A d) per round"),
        claim("LinUCB", "dim", "the dimension", "operations M (2 A d^2 + 4 d^2 + 4 A d) per round"),
        claim("MTLR-OFUL", "dim", "the dimension", "one (k d)^3 solve per round, and LinUCB's operations"),
        claim("MTLR-OFUL", "rounds", "the number of rounds", "running statistics, no history"),
    ),
    presets={
        "smoke": dict(seeds=2, tasks=2, dim=2, rank=1, arms=2, rounds=3, factors=(1, 2), repeats=2),
        "paper": dict(seeds=64, factors=(1, 2, 4, 8), repeats=5),
    },
)
