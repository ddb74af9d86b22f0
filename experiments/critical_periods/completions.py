"""What the figures of matrix completion share: two tasks, the switch between them at every T_c, and forms of claims.

The harm is what stays of a first task: the error of the final matrix over all its entries, observed or not. At `quick` matrices have 30
rows where the paper's have 100, with observed entries, ranks and steps in about its proportions.
"""

import functools
from typing import Any

import numpy as np

from experiments.critical_periods.protocol import PROGRAM, pairs, whole
from mtrl import dynamics
from mtrl.harness import (
    Axis,
    BadInput,
    BaseConfig,
    Claim,
    at_most,
    dataset,
    field,
    jax,
    jnp,
    less_than_zero,
    over_seeds,
    split_named,
)
from mtrl.harness.judge.measures import FIRST, LAST, Quantity, log, mean, near, value
from mtrl.harness.picture import plots

ERROR, UNIT = "final error of M2, mean square over all entries", "1"  # entries have mean square 1
PAPER = dict(
    n=100, rank=5, count=2000, lr=0.2, switches=(0, 1000, 5000, 10_000, 20_000, 40_000, 60_000, 80_000, 100_000), steps=30_000
)  # fmt: skip
SMOKE = dict(seeds=2, n=6, rank=1, count=20, switches=(0, 40), steps=40)


class CompletionConfig(BaseConfig, seeds=10):
    """A first task for T_c steps, the final one for `steps`, by full-batch gradient descent."""

    n: int = field(30, help="rows and columns", lower=2)
    rank: int = field(2, help="rank of the final matrix r2", lower=1, at_most="n")
    count: int = field(360, help="observed entries", lower=1)
    lr: float = field(0.4, help="step, of a loss divided by the observed entries", lower=0.0, strict=True)
    scale: float = field(1e-3, help="size c of the product at the start", lower=0.0, strict=True)
    switches: tuple[int, ...] = field(
        (0, 250, 500, 1000, 2000, 4000, 6000), help="steps on the first task T_c, ascending", lower=0, unit="steps"
    )
    steps: int = field(6000, help="steps on the final task", lower=1)

    def validate(self) -> None:
        """No more entries than there are; T_c ascends."""
        self.check_count("count", self.count)
        if list(self.switches) != sorted(set(self.switches)):
            raise BadInput(f"switches got {self.switches}, but must ascend; sort them")

    def check_count(self, name: str, count: int) -> None:
        """Check a number of observed entries.

        Raises:
          BadInput: it is more than there are.
        """
        if count > self.n**2:
            raise BadInput(f"{name} got {count}, but there are {self.n**2} entries; lower it or raise n")


def lanes_of(config: CompletionConfig, lanes: int, **more: Any) -> dict[str, np.ndarray]:
    """What differs between lanes, (lane,): ranks and entries of both phases, whether the matrix stays the same, the size of the start."""
    usual = dict(rank_1=config.rank, count_1=config.count, count_2=config.count, same=False, scale=config.scale)
    return {name: np.broadcast_to(np.asarray(x), (lanes,)).copy() for name, x in {**usual, **more}.items()}


def two_tasks(key: Any, lane: Any, *, n: int, rank: int) -> tuple[Any, Any]:
    """Both tasks of a lane; lanes of one seed share the final matrix, the order of its entries and, but for their number, the rest."""
    keys = split_named(key, "first", "final", "mask")
    final = dynamics.low_rank_matrix(keys["final"], n=n, rank=rank)
    first = jnp.where(lane["same"], final, dynamics.low_rank_matrix(keys["first"], n=n, rank=lane["rank_1"]))
    masks = [dynamics.observed_entries(keys["mask"], n=n, count=lane[count]) for count in ("count_1", "count_2")]
    return dynamics.entries(first, masks[0]), dynamics.entries(final, masks[1])


def switch(
    key: Any,
    lanes: Any,
    lr: Any,
    switches: Any,
    at: Any,
    *,
    n: int,
    rank: int,
    depth: int,
    most: int = 0,
    before: int = 1,
) -> dict[str, Any]:
    """Every lane: error and loss (lane, switch, record) on the final task, loss of the first, and `most` singular values of the product."""

    def one(lane):
        first, final = two_tasks(key, lane, n=n, rank=rank)
        rule = dynamics.completion(depth=depth, lr=lr, scale=lane["scale"])

        def seen(w):
            found = dict(error=dynamics.reconstruction_error(w, final.target), loss=dynamics.observed_loss(w, final))
            found["first_loss"] = dynamics.observed_loss(w, first)
            return {**found, "sigma": dynamics.singular_values(w, most)} if most else found

        start = rule.init(split_named(key, "start")["start"], final)
        early, late = dynamics.switched(rule, start, first, final, switches=switches, at=at, before=before, record=seen)
        kept = dict(error=late["error"], loss=late["loss"], first_loss=early["first_loss"])
        return {**kept, "early": early["sigma"], "late": late["sigma"]} if most else kept

    return jax.vmap(one)(lanes)


def run_lanes(
    config: CompletionConfig, seeds: Any, lanes: dict, *, depth: int, at: Any = None, **static: int
) -> dict[str, np.ndarray]:
    """`switch` for all seeds, refused where it diverges."""
    at = whole([config.steps] if at is None else at)
    found = over_seeds(
        switch, seeds, lanes, config.lr, whole(config.switches), at, n=config.n, rank=config.rank, depth=depth, **static
    )
    dynamics.check_descended(found["first_loss"][..., -1], config.switches, depth=depth, lr=config.lr)
    dynamics.check_descended(found["loss"], at, depth=depth, lr=config.lr)
    return found


def ways_and_end(config: CompletionConfig, before: int, at: np.ndarray) -> np.ndarray:
    """Steps of the records of the longest pre-training: `before` on the way to every T_c, then those of the final task."""
    ends = zip([0, *config.switches[:-1]], config.switches, strict=True)
    ways = [np.arange(1, before + 1) * (end - begin) // before + begin for begin, end in ends]
    return np.concatenate([*ways, at + config.switches[-1]])


def curves(config: CompletionConfig, seeds: Any, found: dict, lane: str, labels: Any, words: str, **more: Any) -> Any:
    """Dataset of final errors, (seed, lane, switch)."""
    dims = ("seed", lane, "switch")
    coords = more.pop("coords", {})
    return dataset(
        seeds,
        {lane: Axis(labels, "", words), "switch": Axis(list(config.switches), "steps", "steps on the first task, T_c"), **coords},
        error=(dims, found["error"][..., -1], UNIT, ERROR),
        loss=(dims, found["loss"][..., -1], UNIT, "training loss in the end"),
        size=((), config.n),
        unseen=((), 1 - config.count / config.n**2, UNIT, "share of unobserved entries"),
        **more,
    )  # fmt: skip


def few_ticks(ax: Any) -> None:
    """Labels of steps that do not run into each other."""
    ax.ticklabel_format(axis="x", style="plain")
    ax.locator_params(axis="x", nbins=4)


def one_matrix_level(ax: Any, unseen: Any) -> None:
    """What one matrix leaves: the share of unobserved entries."""
    plots.level(ax, unseen, linestyle="--")
    look = dict(transform=ax.get_yaxis_transform(), fontsize=7, va="bottom", color="0.35")
    ax.text(0.02, float(unseen), "one matrix, theory", **look)


def draw_errors(
    ax: Any, data: Any, lane: str, words: str, *, level: bool = True, tables: Any = None, **finish: Any
) -> None:
    """Final error against T_c, one look a lane; `words` says what the lane is, e.g. `r1 = {:g}`; `tables` are the other program's."""
    look = plots.looks({x.item(): words.format(x.item()) for x in data[lane].values})
    plots.points(ax, data["error"], "switch", lane, look, linestyle="-", linewidth=0.8)
    if level:
        one_matrix_level(ax, data["unseen"])
    for i, label in enumerate(label for label in look if label in (tables or {})):
        plots.program(ax, tables[label], "" if i else "independent program")
    plots.finish(ax, **{"legend": dict(fontsize=7), **finish})
    few_ticks(ax)


def full_size(data: Any) -> bool:
    """Whether the paper's matrices were used."""
    return int(data["size"]) == 100


def rise(x: Quantity) -> Quantity:
    """Error at the largest T_c minus without pre-training."""
    return x.at(switch=LAST) - x.at(switch=FIRST)


def table_claim(text: str, table: dict[int, float], x: Quantity, applies: Any = full_size, **more: Any) -> Claim:
    """The independent program's errors at some T_c."""
    logs = {at: float(np.log(number)) for at, number in table.items()}
    return Claim.reference(
        f"{text}: its largest distance from our mean, in standard deviations of a run, logarithms",
        f"{pairs(table)} at T_c, {PROGRAM}", near(log(x), logs, "switch"), at_most(3.0), unit="standard deviations",
        reason="one run against the spread of ours", applies=applies, **more,
    )  # fmt: skip


def harmful(text: str, x: Quantity, paper: str) -> Claim:
    """A claim that pre-training raises the final error."""
    return Claim(text, paper, mean(-rise(x)), less_than_zero, unit=UNIT)


def trained(x: Quantity | None = None) -> Claim:
    """The final task has been learnt as far as it is observed."""
    from mtrl.harness.judge.measures import worst

    return Claim.sanity(
        "observed entries are fitted in the end: largest mean training loss", "section 4: trained to convergence",
        worst(value("loss") if x is None else x), at_most(5e-3), unit=UNIT, reason="one per cent of the loss of zero, 1/2",
    )  # fmt: skip


error = functools.partial(value, "error")
