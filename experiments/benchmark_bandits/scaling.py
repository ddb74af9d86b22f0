"""Cost of the linear bandits against tasks, dimension, arms and rounds, and how far it is from what the machine can do."""

import dataclasses
import functools
from typing import Any

import numpy as np

from experiments.benchmark_bandits.protocol import RIVALS, ours, times
from mtrl.harness import BaseConfig, Claim, Figure, at_most, dataset, field, timing
from mtrl.harness.judge import counting, limits
from mtrl.harness.judge.measures import FIRST, LAST, Absent, value
from mtrl.harness.picture import plots

AXES = ("tasks", "dim", "arms", "rounds")
LOOK = plots.looks(AXES)


class ScalingConfig(BaseConfig):
    """One size at a time is multiplied, the others stay at the base."""

    seeds: int = field(32, help="seeds run together", lower=1)
    tasks: int = field(8, help="tasks M at the base", lower=1)
    dim: int = field(8, help="dimension d at the base", lower=2)
    rank: int = field(2, help="subspace dimension k", lower=1)
    arms: int = field(8, help="arms A at the base", lower=2)
    rounds: int = field(100, help="rounds T at the base", lower=1)
    factors: tuple[int, ...] = field((1, 2, 3, 4, 6), help="multiples of the base size", lower=1)
    repeats: int = field(3, help="repetitions", lower=2)
    noise: float = field(0.3, help="noise standard deviation", lower=0.0)


def run(config: ScalingConfig, seeds: np.ndarray) -> Any:
    """Time every size; of the smallest and the largest the operations too, and the least time of this machine."""

    def at(axis, factor):
        return dataclasses.replace(config, **{axis: getattr(config, axis) * factor})

    def table(cell):
        return [[cell(axis, factor) for factor in config.factors] for axis in AXES]

    calls = {
        f"{method} {axis} {factor}": ours(at(axis, factor), seeds, method)
        for axis in AXES
        for factor in config.factors
        for method in RIVALS
    }
    seconds = timing.compare(calls, config.repeats)
    ends = config.factors[0], config.factors[-1]

    @functools.cache
    def parts(method, sizes):  # the axes share their first size
        return limits.parts(ours(sizes, seeds, method))

    def counted(number, otherwise):
        """(method, axis, factor) numbers of the parts of a program."""
        one = lambda m, a, f: number(parts(m, at(a, f))) if f in ends else otherwise  # noqa: E731
        return [table(functools.partial(one, method)) for method in RIVALS]

    wall = [table(lambda a, f, m=method: seconds[f"{m} {a} {f}"]) for method in RIVALS]
    sizes = ("method", "axis", "factor")
    return dataset(
        None,
        {"method": RIVALS, "axis": AXES, "factor": config.factors, "repeat": np.arange(config.repeats),
         "limited_by": limits.BOUNDS},
        seconds=((*sizes, "repeat"), wall, "s", "wall time"),
        seconds_least=((*sizes, "limited_by"), counted(limits.machine().least, np.full(2, np.nan)), "s", "least time of this machine"),
        operations=(sizes, counted(counting.operations, np.nan)),
        size=(("axis", "factor"), table(lambda a, f: getattr(at(a, f), a))),
    )  # fmt: skip


def draw(data: Any, config: ScalingConfig) -> Any:
    """A panel per method: seconds against every size."""
    figure, axes = plots.panel(1, len(RIVALS), width=4.8, sharey=True)
    for ax, method in zip(axes[0], RIVALS, strict=True):
        here = data["seconds"].sel({"method": method}).rename(repeat="seed")
        fitted = dict(_slopes(data, method))
        look = {axis: LOOK[axis]._replace(words=f"{axis}, exponent {fitted[axis]:.2f}") for axis in AXES}
        plots.points(ax, here, "factor", "axis", look, linestyle="-", spread=0.02)
        words = dict(x="multiple of the base size", y="wall time [s]", title=method)
        plots.finish(ax, log="y", ticks=data["factor"].values, **words)
    base = f"M = {config.tasks}, d = {config.dim}, A = {config.arms}, T = {config.rounds}"
    figure.suptitle(f"{config.seeds} seeds; base {base}")
    return figure


def _slopes(data: Any, method: str) -> list[tuple[str, float]]:
    """(axis, fitted exponent of the seconds in the size)."""
    means = data["seconds"].sel({"method": method}).mean("repeat").values
    pairs = zip(AXES, data["size"].values, means, strict=True)
    return [(axis, float(timing.exponent(x, y)) if len(x) > 1 else np.nan) for axis, x, y in pairs]


def tables(data: Any, config: ScalingConfig) -> list:
    """Exponents and distances to the machine's limits, at the largest number of tasks."""
    rows, largest = [], data.isel(axis=0, factor=-1)
    for method in RIVALS:
        last = largest.sel({"method": method})
        shares = (
            [100 * float(x) for x in last["seconds_least"] / last["seconds"].min()] if "limited_by" in data.dims else []
        )
        rows.append([method, *(slope for _, slope in _slopes(data, method)), *shares])
    heads = ["method", *(f"exponent in {axis}" for axis in AXES), *(f"{bound} [% of limit]" for bound in limits.BOUNDS)]
    return [plots.Table("Fitted exponents, and shares of the machine's limits", heads[: len(rows[0])], rows)]


def growth(name: str, where: dict, which: Any) -> Any:
    """A quantity at the first or last size; `Absent` where there is one size only."""

    def several(array):
        if array.sizes["factor"] < 2:
            raise Absent("one size")
        return array

    return value(name, **where).then(several).at(factor=which)


def claim(method: str, axis: str, words: str, count: str) -> Claim:
    """Time grows at most as the operations do: a ratio of two sizes, not an exponent."""
    where = dict(method=method, axis=axis)
    first, last = ({n: growth(n, where, end) for n in ("seconds", "operations")} for end in (FIRST, LAST))
    return Claim.speed(
        text=f"{method}'s time grows at most as its operations in {words}, from the smallest to the largest size (over theirs)",
        paper=count,
        measure=times(last["seconds"], first["seconds"], last["operations"] / first["operations"]),
        accepts=at_most(1.15, "15 % for the timer's noise"),
        unit="growth of the time over growth of the operations",
    )


FIGURE = Figure(
    __name__,
    tables=tables,
    title="Cost of linear bandits against M, d, A and T, with the machine's limits",
    question="How does the cost of linear bandits grow with tasks, dimension, arms and rounds?",
    claims=(
        claim("LinUCB", "tasks", "the number of tasks", "operations M (2 A d^2 + 4 d^2 + 4 A d) per round"),
        claim("LinUCB", "dim", "the dimension", "operations M (2 A d^2 + 4 d^2 + 4 A d) per round"),
        claim("MTLR-OFUL", "dim", "the dimension", "one (k d)^3 solve per round, and LinUCB's operations"),
        claim("MTLR-OFUL", "rounds", "the number of rounds", "running statistics, no history"),
    ),
    presets={
        "smoke": dict(seeds=2, tasks=2, dim=2, rank=1, arms=2, rounds=3, factors=(1,), repeats=2),
        "paper": dict(seeds=64, factors=(1, 2, 4, 6, 8), repeats=5),
    },
)
