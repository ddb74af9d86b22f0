"""Figure 6: with one matrix there is no critical period; with more, pre-training does harm, later and worse the more there are."""

import dataclasses
from typing import Any

import numpy as np

from experiments.critical_periods import completions
from experiments.critical_periods.completions import ERROR, PAPER, SMOKE, UNIT, lanes_of, run_lanes, table_claim
from experiments.critical_periods.protocol import changes
from mtrl import dynamics
from mtrl.harness import Axis, Figure, dataset, field, jax, jnp, over_seeds, split_named
from mtrl.harness.judge.claims import Claim, at_most, between, less_than_zero
from mtrl.harness.judge.measures import FIRST, LAST, Absent, mean, value, worst
from mtrl.harness.picture import plots

RANK, NESTED = "rank", "entries"
TABLES = {
    (1, RANK): {0: 0.811, 10_000: 0.811, 40_000: 0.811},
    (2, RANK): {0: 0.080, 10_000: 0.444, 40_000: 0.570},
    (3, RANK): {0: 0.006, 10_000: 0.012, 40_000: 0.831},
    (2, NESTED): {0: 0.271, 10_000: 0.385, 40_000: 0.395},
}
SMALL = {2: {0: 0.001, 6000: 0.165}, 3: {6000: 0.186}}  # n = 30, rank 6 -> 2, 360 entries, lr 0.4


class Config(completions.CompletionConfig, seeds=20):
    """Another rank, or fewer entries, first; and numbers of entries with the deepest product."""

    depths: tuple[int, ...] = field((1, 2, 3), help="factors D, ascending", lower=1, distinct=True)
    first_rank: int = field(6, help="rank of the first matrix r1", lower=1, at_most="n")
    nested: tuple[int, ...] = field((120, 180), help="entries of the same matrix in phase 1 and 2", lower=1, length=2)
    counts: tuple[int, ...] = field((180, 270, 360, 540, 720), help="observed entries, other rank first, deepest product",
                                    lower=1, distinct=True)  # fmt: skip

    def validate(self) -> None:
        """Entries are nested and there."""
        super().validate()
        self.check_count("nested", max(self.nested))
        self.check_count("counts", max(self.counts))
        dynamics.check_nested(*self.nested)


def one_matrix(key: Any, lanes: Any, lr: Any, switches: Any, steps: Any, *, n: int, rank: int) -> Any:
    """The closed form of D = 1, (lane, switch), from the same draws."""

    def one(lane):
        first, final = completions.two_tasks(key, lane, n=n, rank=rank)
        keys = split_named(key, "start")
        start = dynamics.starting_factors(keys["start"], final.target, depth=1, scale=lane["scale"])[0]

        def at(switch):
            middle = dynamics.theory.one_matrix(start, first.target, first.mask, lr, switch)
            end = dynamics.theory.one_matrix(middle, final.target, final.mask, lr, steps)
            return jnp.mean((end - final.target) ** 2)

        return jax.vmap(at)(switches)

    return jax.vmap(one)(lanes)


def run(config: Config, seeds: np.ndarray) -> Any:
    """One program a depth, the two tasks as lanes; then the numbers of entries where it is deepest."""
    deepest = max(config.depths)
    first, final = (np.array([config.count, count]) for count in config.nested)
    lanes = lanes_of(config, 2, rank_1=config.first_rank, count_1=first, count_2=final, same=np.array([False, True]))
    found = [run_lanes(config, seeds, lanes, depth=depth) for depth in config.depths]
    errors, losses = (np.stack([x[name][..., -1] for x in found], 1) for name in ("error", "loss"))
    counts = np.array(config.counts)
    ends = dataclasses.replace(config, switches=config.switches[:: len(config.switches) - 1])
    more = lanes_of(ends, len(counts), rank_1=config.first_rank, count_1=counts, count_2=counts)
    sweep = run_lanes(ends, seeds, more, depth=deepest)
    numbers = (config.lr, np.asarray(config.switches, float), float(config.steps))
    form = over_seeds(one_matrix, seeds, lanes, *numbers, n=config.n, rank=config.rank)
    dims = ("seed", "depth", "task", "switch")
    unseen = [1 - count / config.n**2 for count in (config.count, config.nested[1])]
    return dataset(
        seeds,
        {
            "task": [RANK, NESTED], "count": Axis(list(config.counts), "", "observed entries"), "depth": list(config.depths),
            "switch": Axis(list(config.switches), "steps", "steps on the first task, T_c"), "end": list(ends.switches),
        },
        error=(dims, errors, UNIT, ERROR),
        loss=(dims, losses, UNIT, "training loss in the end"),
        closed=(("seed", "task", "switch"), form, UNIT, ERROR),
        unseen=("task", unseen, UNIT, "share of unobserved entries"),
        sweep=(("seed", "count", "end"), sweep["error"][..., -1], UNIT, ERROR),
        limit=("count", 1 - np.array(config.counts) / config.n**2, UNIT, "share of unobserved entries"),
        size=((), config.n),
    )  # fmt: skip


def draw(data: Any, config: Config) -> Any:
    """Both tasks with all depths, and the numbers of entries with the deepest product."""
    figure, axes = plots.panel(1, 3, width=4.6, height=3.8)
    ranks = f"rank {config.first_rank}, then {config.rank}"
    sizes = f"{ranks}; {config.count} entries", "{}, then {} entries".format(*config.nested)
    for ax, task, title, low in zip(axes[0], (RANK, NESTED), sizes, (1e-7, 1e-3), strict=False):
        part = data.sel(task=task)
        large = {depth: table for (depth, of), table in TABLES.items() if of == task}
        tables = large if config.n == 100 else SMALL if task == RANK else {}
        look = dict(level=False, title=f"{title}, n = {config.n}", legend=None, log="y", ylim=(low, None))
        completions.draw_errors(ax, part, "depth", "D = {:g}", tables=tables, **look)
        plots.theory(ax, part["closed"], "switch", look=plots.Look("closed form, D = 1", "0.35"))
        plots.finish(ax, legend=dict(fontsize=7.5, loc="lower right"))
    look = plots.looks({int(t): f"T_c = {int(t)}" for t in data["end"].values})
    last = axes[0, 2]
    plots.points(last, data["sweep"], "count", "end", look, linestyle="-", linewidth=0.8)
    plots.theory(last, data["limit"], "count", look=plots.Look("one matrix, theory", "0.35"))
    legend = dict(fontsize=7.5, loc="upper left", bbox_to_anchor=(1, 1))
    plots.finish(last, log="y", legend=legend, title=f"{ranks}; D = {max(config.depths)}")
    return figure


def error(depth: Any, task: str = RANK, **where: Any) -> Any:
    """Final error."""
    return value("error", depth=depth, task=task, **where)


def small(data: Any) -> bool:
    """Whether the matrices have 30 rows."""
    return int(data["size"]) == 30


def third(array: Any) -> Any:
    """At the third T_c of four or more."""
    if array.sizes["switch"] < 4:
        raise Absent("the third T_c is the largest")
    return array.isel(switch=2)


def double(data: Any) -> bool:
    """Whether it was computed in 64 bits."""
    return data["error"].dtype == "float64"


ALONE = error(1) - value("closed", task=RANK)

FIGURE = Figure(
    __name__,
    title="Figure 6: depth and critical periods in matrix completion: none with one matrix",
    question="How deep must the product of matrices be for a critical period to appear?",
    claims=(
        Claim("with one matrix pre-training changes nothing: largest distance of the error from no pre-training", "Figure 6, D = 1",
              worst(abs(error(1) - error(1, switch=FIRST))), at_most(1e-3), unit=UNIT, reason="observed entries close in at a finite rate"),
        Claim.sanity("one matrix follows its closed form: largest distance", "observed residuals shrink by 1 - lr / |Omega| a step",
              worst(abs(ALONE)), at_most(1e-9), unit=UNIT, reason="rounding in 64 bits", applies=double),
        Claim.derived("one matrix leaves the unobserved entries: error over 1 - |Omega| / n^2", "its expectation",
              mean(error(1, switch=FIRST) / value("unseen", task=RANK)), between(0.95, 1.05),
              unit="1", value=1.0, reason="5 %: low-rank entries vary together"),
        *(completions.harmful(f"pre-training does harm with {depth} matrices, {words} first (error without minus with, largest T_c)",
                  error(depth, task), "Figure 6")
          for depth in (2, 3) for task, words in ((RANK, "higher rank"), (NESTED, "fewer entries"))),
        Claim("deeper products start lower: error of D = 3 minus D = 2, no pre-training", "Figure 6 (ordering)",
              mean(error(3, switch=FIRST) - error(2, switch=FIRST)), less_than_zero, unit=UNIT),
        Claim("deeper products are safe for longer: error of D = 3 minus D = 2 at the third T_c", "Figure 6 (ordering)",
              mean((error(3) - error(2)).then(third)), less_than_zero, unit=UNIT),
        Claim("deeper products end worse: error of D = 2 minus D = 3 at the largest T_c", "Figure 6 (ordering)",
              mean(error(2, switch=LAST) - error(3, switch=LAST)), less_than_zero, unit=UNIT),
        Claim("fewer entries mean more harm: largest rise of the error with the entries, largest T_c", "section 4 (ordering)",
              worst(value("sweep", end=LAST).then(changes("count"))), less_than_zero, unit=UNIT),
        *(table_claim(f"final errors, D = {depth}, {task}, n = 100", table, error(depth, task)) for (depth, task), table in TABLES.items()),
        *(table_claim(f"final errors, D = {depth}, n = 30", table, error(depth), small) for depth, table in SMALL.items()),
        completions.trained(),
    ),
    presets={
        "smoke": dict(SMOKE, depths=(1, 2), first_rank=2, nested=(12, 20), counts=(14, 20)),
        "paper": dict(PAPER, seeds=5, first_rank=10, nested=(1000, 1500), counts=(1000, 1500, 2000, 3000, 4000)),
    },
)  # fmt: skip
