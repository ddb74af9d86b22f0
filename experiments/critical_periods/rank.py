"""Figure 4: pre-training on a matrix of another rank: harm grows with the rank of the first task and the time spent on it."""

from typing import Any

import numpy as np

from experiments.critical_periods import completions
from experiments.critical_periods.completions import PAPER, SMOKE, UNIT, curves, draw_errors, error, harmful, trained
from experiments.critical_periods.protocol import changes
from mtrl.harness import Claim, Figure, at_most, field, less_than_zero
from mtrl.harness.judge.measures import FIRST, LAST, mean, worst
from mtrl.harness.picture import plots

TABLES = {10: {0: 0.006, 10_000: 0.012, 40_000: 0.83}, 15: {10_000: 0.004, 40_000: 1.28}, 5: {40_000: 0.065}}


class Config(completions.CompletionConfig):
    """Ranks of the first matrix about the final one's, the same entries in both phases."""

    depth: int = field(3, help="factors D", lower=1)
    ranks: tuple[int, ...] = field(
        (1, 2, 4, 6), help="rank of the first matrix r1, ascending", lower=1, at_most="n", distinct=True
    )
    values: int = field(6, help="singular values that are followed", lower=1, at_most="n")
    records: int = field(30, help="records in each phase", lower=2)


def run(config: Config, seeds: np.ndarray) -> Any:
    """All ranks at once, with traces."""
    at = np.linspace(0, config.steps, config.records).astype(int)
    before = max(config.records // len(config.switches), 1)
    lanes = completions.lanes_of(config, len(config.ranks), rank_1=np.array(config.ranks))
    found = completions.run_lanes(config, seeds, lanes, depth=config.depth, at=at, most=config.values, before=before)
    early = found["early"].reshape(len(seeds), len(config.ranks), -1, config.values)  # switches and records in one
    times = completions.ways_and_end(config, before, at)
    names = ("seed", "rank", "point", "value")
    return curves(
        config, seeds, found, "rank", list(config.ranks), "rank of the first matrix, r1",
        coords={"point": np.arange(len(times)), "value": np.arange(1, config.values + 1)},
        trace=(names, np.concatenate([early, found["late"][:, :, -1]], 2), "1", "singular values of the product"),
        time=("point", times, "steps", "step"),
    )  # fmt: skip


def draw(data: Any, config: Config) -> Any:
    """Errors, relative errors, and singular values for the lowest and the highest first rank."""
    figure, axes = plots.panel(2, 2, width=5.2, height=3.6)
    title = f"r2 = {config.rank}, D = {config.depth}, n = {config.n}, {config.count} entries"
    look = dict(log="y", legend=None, ylim=(1e-7, 10), title=title)
    draw_errors(axes[0, 0], data, "rank", "r1 = {:g}", tables=TABLES if config.n == 100 else None, **look)
    spared = data["error"].isel(switch=0) - data["error"]
    relative = data.assign(error=spared.assign_attrs(long_name="relative error, MSE(0) - MSE(T_c)", units="1"))
    look = dict(level=False, title="relative to no pre-training", legend=dict(fontsize=8, loc="lower left"))
    draw_errors(axes[0, 1], relative, "rank", "r1 = {:g}", **look)
    for ax, i in zip(axes[1], (0, -1), strict=True):
        part = data["trace"].isel(rank=i).isel(seed=0, missing_dims="ignore")
        for k in range(data.sizes["value"]):
            ax.plot(data["time"], part.isel(value=k), color=plots.style.COLORS[k % 8], linewidth=1.1)
        ax.axvline(config.switches[-1], color="0.35", linestyle="--", label="switch of task, T_c")
        words = dict(x="step", y="singular values of the product", title=f"one seed, r1 = {config.ranks[i]}")
        plots.finish(ax, **words, log="y", legend=dict(fontsize=8, loc="lower right") if i == 0 else None)
        ax.set_ylim(1e-3, None)
        ax.locator_params(axis="x", nbins=4)
    return figure


def later(array: Any) -> Any:
    """What the second half of the largest T_c spares."""
    return array.isel(switch=array.sizes["switch"] // 2) - array.isel(switch=-1)


FIGURE = Figure(
    __name__,
    title="Figure 4: the rank of the first task and the time spent on it, deep matrix completion",
    question="Does pre-training on a matrix of another rank harm the completion of the final one, and after how long?",
    claims=(
        harmful("pre-training on the highest rank does harm (error without minus with, largest T_c)", error(rank=LAST), "Figure 4"),
        Claim("harm grows with the rank of the first task: largest fall of the error from one rank to the next, largest T_c",
              "Figure 4 (ordering)", worst(-error(switch=LAST).then(changes("rank"))), at_most(0.01), unit=UNIT,
              reason="a hundredth of the mean square entry: low ranks do no harm, and are alike"),
        Claim("a first task of the lowest rank is harmless: error at the largest T_c", "section 4 (in words)",
              mean(error(rank=FIRST, switch=LAST)), at_most(0.05), unit=UNIT, reason="a twentieth of the mean square entry"),
        Claim("harm grows with time: error at the middle T_c minus at the largest, highest rank", "Figure 4 (ordering)",
              mean(error(rank=LAST).then(later)), less_than_zero, unit=UNIT),
        *(completions.table_claim(f"final errors, r1 = {rank}, n = 100", table, error(rank=rank)) for rank, table in TABLES.items()),
        trained(),
    ),
    presets={
        "smoke": dict(**SMOKE, ranks=(1, 2), values=2, records=3, depth=2),
        "paper": dict(**PAPER, seeds=5, ranks=(2, 5, 10, 15), values=10, records=100),
    },
)  # fmt: skip
