"""Appendix: harm for every size of the start, and from seed to seed."""

from typing import Any

import numpy as np

from experiments.critical_periods import completions
from experiments.critical_periods.completions import PAPER, SMOKE, UNIT, curves, few_ticks, lanes_of, rise, trained
from mtrl.harness import Claim, Figure, at_least, field, less_than_zero
from mtrl.harness.judge.measures import share, value, worst
from mtrl.harness.picture import plots


class Config(completions.CompletionConfig, switches=(0, 500, 1000, 2000, 4000, 6000), steps=10_000):
    """A higher rank first, longer on the final task, several sizes of the start."""

    depth: int = field(3, help="factors D", lower=1)
    first_rank: int = field(6, help="rank of the first matrix r1", lower=1, at_most="n")
    scales: tuple[float, ...] = field(
        (1e-1, 1e-2, 1e-3, 1e-4), help="size c of the product at the start", lower=0.0, strict=True, distinct=True
    )


def run(config: Config, seeds: np.ndarray) -> Any:
    """All sizes at once."""
    lanes = lanes_of(config, len(config.scales), rank_1=config.first_rank, scale=np.array(config.scales))
    found = completions.run_lanes(config, seeds, lanes, depth=config.depth)
    return curves(config, seeds, found, "scale", list(config.scales), "size of the start, c")


def draw(data: Any, config: Config) -> Any:
    """Means, and single seeds of the middle size."""
    figure, axes = plots.panel(1, 2, width=5.2, height=3.9)
    title = f"rank {config.first_rank}, then {config.rank}; D = {config.depth}, n = {config.n}"
    both = dict(log="y", ylim=(1e-7, 10), legend=dict(fontsize=7, loc="lower right"))
    completions.draw_errors(axes[0, 0], data, "scale", "c = {:g}", title=title, **both)
    chosen = config.scales[len(config.scales) // 2]
    look = plots.Look("one seed", plots.style.COLORS[2])
    plots.paths(axes[0, 1], data["error"].sel(scale=chosen), "switch", look=look, alpha=0.8)
    completions.one_matrix_level(axes[0, 1], data["unseen"])
    plots.finish(axes[0, 1], title=f"single seeds, c = {chosen:g}", **both)
    few_ticks(axes[0, 1])
    return figure


ERROR = value("error")

FIGURE = Figure(
    __name__,
    title="Appendix: the size of the start and single seeds, deep matrix completion",
    question="Does the harm of pre-training depend on the size of the start or on the seed?",
    claims=(
        Claim("pre-training does harm from every size of the start (largest error without minus with, largest T_c)", "appendix (ordering)",
              worst(-rise(ERROR)), less_than_zero, unit=UNIT),
        Claim("it does harm in every run: share of seeds and sizes in which the error rises by more than 0.001", "appendix (in words)",
              share(rise(ERROR) > 1e-3), at_least(0.75), unit="1", reason="nearly all: three of four, Wilson's interval included"),
        trained(),
    ),
    presets={
        "smoke": dict(SMOKE, first_rank=2, scales=(0.1, 0.01), depth=2),
        "paper": dict(PAPER, seeds=10, first_rank=10, steps=50_000),
    },
)  # fmt: skip
