"""Figure 5: fewer entries of the same matrix first: scarcity in the final task makes the harm lasting."""

from typing import Any

import numpy as np

from experiments.critical_periods import completions
from experiments.critical_periods.completions import PAPER, SMOKE, UNIT, curves, error, harmful, lanes_of, rise, trained
from experiments.critical_periods.protocol import changes
from mtrl import dynamics
from mtrl.harness import Claim, Figure, field, less_than_zero
from mtrl.harness.judge.measures import FIRST, LAST, mean, worst
from mtrl.harness.picture import plots

TABLE = {0: 0.036, 10_000: 0.10, 40_000: 0.37}  # 1000, then 1500 entries


class Config(completions.CompletionConfig, lr=0.2):
    """One matrix; the first entries are among the final ones."""

    depth: int = field(3, help="factors D", lower=1)
    count: int = field(120, help="entries observed in phase 1", lower=1)
    counts: tuple[int, ...] = field(
        (150, 180, 210, 240), help="entries observed in phase 2, ascending", lower=1, distinct=True
    )

    def validate(self) -> None:
        """Entries are nested."""
        super().validate()
        self.check_count("counts", max(self.counts))
        dynamics.check_nested(self.count, self.counts)


def run(config: Config, seeds: np.ndarray) -> Any:
    """All numbers of entries at once."""
    lanes = lanes_of(config, len(config.counts), count_2=np.array(config.counts), same=True)
    found = completions.run_lanes(config, seeds, lanes, depth=config.depth)
    freedom = config.rank * (2 * config.n - config.rank)  # numbers in a matrix of this rank
    return curves(
        config, seeds, found, "count", list(config.counts), "entries observed in phase 2",
        limit=("count", 1 - np.array(config.counts) / config.n**2, UNIT, "share of unobserved entries"),
        freedom=((), freedom, "1", "numbers in a matrix of the final rank"),
    )  # fmt: skip


def draw(data: Any, config: Config) -> Any:
    """Errors against T_c, and at its ends against the entries."""
    figure, axes = plots.panel(1, 2, width=5.2, height=3.9)
    title = f"rank {config.rank}, D = {config.depth}, n = {config.n}; phase 1: {config.count} entries"
    tables = {1500: TABLE} if config.n == 100 else None
    room = 1.5 * float(data["error"].mean("seed").max())
    legend = dict(fontsize=7.5, loc="upper left", ncol=2)
    look = dict(level=False, title=title, tables=tables, ylim=(None, 1.3 * room), legend=legend)
    completions.draw_errors(axes[0, 0], data, "count", "phase 2: {:g}", **look)
    ends = data.isel(switch=[0, -1])
    look = plots.looks({int(t): f"T_c = {int(t)}" for t in ends["switch"].values})
    plots.points(axes[0, 1], ends["error"], "count", "switch", look, linestyle="-", linewidth=0.8)
    plots.theory(axes[0, 1], data["limit"], "count", look=plots.Look("one matrix, theory", "0.35"))
    words = f"{int(data['freedom'])} numbers in a matrix of rank {config.rank}"
    axes[0, 1].axvline(float(data["freedom"]), color="0.7", linestyle=":", label=words)
    plots.finish(axes[0, 1], legend=None, title="at the ends of the curves")
    figure.legend(*axes[0, 1].get_legend_handles_labels(), loc="outside right upper", fontsize=8)
    return figure


FIGURE = Figure(
    __name__,
    title="Figure 5: pre-training on fewer entries of the same matrix, deep matrix completion",
    question="Does pre-training on fewer entries of the same matrix harm its completion later?",
    claims=(
        *(harmful(f"pre-training on fewer entries does harm, {words} entries in phase 2 (error without minus with, largest T_c)",
                  error(count=end), "Figure 5") for words, end in (("fewest", FIRST), ("most", LAST))),
        Claim("more entries in phase 2 leave less error: largest rise from one number to the next, largest T_c", "Figure 5 (ordering)",
              worst(error(switch=LAST).then(changes("count"))), less_than_zero, unit=UNIT),
        Claim("harm persists where entries are scarce: rise of the error with most entries minus with fewest", "abstract (in words)",
              mean(rise(error(count=LAST)) - rise(error(count=FIRST))), less_than_zero, unit=UNIT),
        completions.table_claim("final errors, 1500 entries, n = 100", TABLE, error(count=1500)),
        trained(),
    ),
    presets={
        "smoke": dict(SMOKE, count=10, counts=(14, 20), depth=2),
        "paper": dict(PAPER, seeds=5, count=1000, counts=(1250, 1500, 1750, 2000)),
    },
)  # fmt: skip
