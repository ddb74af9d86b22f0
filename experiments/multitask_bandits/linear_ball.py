"""Linear bandits on the unit ball: E2TC against PEGE and the known subspace, and where sharing starts to pay."""

import dataclasses
from typing import Any

import numpy as np

from experiments.multitask_bandits.common import PROGRAM, REWARD, fewest, most, several_tasks
from mtrl import bandits
from mtrl.harness import (
    BadInput,
    BaseConfig,
    Claim,
    Entrant,
    Figure,
    at_least,
    between,
    compete,
    field,
    jnp,
    less_than_zero,
)
from mtrl.harness.judge.measures import crossing, mean, value

METHODS = ("E2TC", "E2TC, rank unknown", "PEGE", "known B")
# Regret per task in an independent program at d = 10, k = 2, T = 20000, sigma = 1 (no errors given; PEGE 1964 to 1979, known B 335 to 343).
REFERENCE = {"E2TC": {5: 6138.0, 50: 2149.0, 500: 914.0}, "PEGE": 1971.5, "known B": 339.0}
RANGES = {"PEGE": " (middle of 1964 to 1979)", "known B": " (middle of 335 to 343)"}
REFERENCE_SIZES = dict(dim=10, rank=2, rounds=20_000, noise=1.0)


@dataclasses.dataclass(frozen=True)
class LinearBallConfig(BaseConfig):
    """Unit parameters in a random subspace, actions in the unit ball."""

    tasks: tuple[int, ...] = field((5, 50, 100, 500), help="numbers of tasks M", lower=1)
    rounds: int = field(20_000, help="rounds per task T", lower=2)
    dim: int = field(10, help="dimension d", lower=2)
    rank: int = field(2, help="subspace dimension k", lower=1)
    noise: float = field(1.0, help="noise standard deviation sigma", lower=0.0)

    def validate(self) -> None:
        """The stages must fit in the horizon."""
        if self.rank > self.dim:
            raise BadInput(f"rank (k) got {self.rank}, but must lie between 1 and the width {self.dim}; lower it")
        for tasks in self.tasks:
            explore, identify = bandits.theory.e2tc_stages(tasks, self.rounds, dim=self.dim, rank=self.rank)
            if explore < self.dim:
                raise BadInput(
                    f"N1 got {float(explore):g} rounds, but estimating a subspace needs at least d = {self.dim} per task; lengthen T"
                )
            if explore + identify >= self.rounds:
                raise BadInput(
                    f"N1 + N2 got {float(explore):g} + {float(identify):g} in T = {self.rounds} rounds, which leaves none to commit; "
                    "lengthen T"
                )


def regret_and_rank(step: Any) -> Any:
    """Regret of the round, averaged over tasks, and the rank that E2TC goes by (0 before it knows, and for the others)."""
    return step.outcome.regret.mean(), getattr(step.state, "rank", jnp.zeros((), jnp.int32))


def run(config: LinearBallConfig, seeds: np.ndarray) -> Any:
    """All methods at one M."""
    import xarray as xr

    (tasks,) = config.tasks
    explore, identify = bandits.theory.e2tc_stages(tasks, config.rounds, dim=config.dim, rank=config.rank)
    root = float(np.sqrt(config.rounds))
    stages = dict(explore=float(explore), identify=float(identify))
    rank = {"rank": config.rank}
    entrants = (
        Entrant("E2TC", bandits.e2tc, rank, stages),
        Entrant("E2TC, rank unknown", bandits.e2tc, {"rank": 0}, stages),
        Entrant("PEGE", bandits.pege, grid={"explore": float(np.ceil(config.dim * root))}),
        Entrant("known B", bandits.pege, {"known_subspace": True}, {"explore": float(np.ceil(config.rank * root))}),
    )
    played = compete(
        entrants,
        bandits.linear_ball(tasks=tasks, dim=config.dim, rank=config.rank),
        seeds=seeds,
        rounds=config.rounds,
        inputs=(config.noise,),
        record=regret_and_rank,
    )
    records = [played[name].record for name in METHODS]
    totals = [np.asarray(regret[:, 0], dtype=float).sum(1) for regret, _ in records]
    ranks = [
        rank[:, 0, -1] if entrant.factory is bandits.e2tc else np.full(len(seeds), config.rank)
        for entrant, (_, rank) in zip(entrants, records, strict=True)
    ]
    pege_theory = bandits.theory.commit_regret(
        config.rounds, config.dim * root, dim=config.dim, pulls=root, noise=config.noise
    )
    known_theory = bandits.theory.commit_regret(
        config.rounds, config.rank * root, dim=config.rank, pulls=root, noise=config.noise
    )
    data = xr.Dataset(
        {
            "total": (("tasks", "method", "seed"), np.stack(totals)[None]),
            "rank": (("tasks", "method", "seed"), np.stack(ranks)[None]),
            "pege_theory": (("tasks",), [float(pege_theory)]),
            "known_theory": (("tasks",), [float(known_theory)]),
            "reference": ((), float(all(getattr(config, name) == value for name, value in REFERENCE_SIZES.items()))),
            "crossing_theory": ((), float(bandits.theory.e2tc_crossing(config.dim, config.rank))),
            "e2tc_rate": (
                ("tasks",),
                [float(bandits.theory.e2tc_regret(tasks, config.rounds, dim=config.dim, rank=config.rank)) / tasks],
            ),
        },
        coords={"tasks": [tasks], "method": list(METHODS), "seed": seeds},
    )
    data["total"].attrs["units"] = "reward per task"
    return data


def draw(data: Any, config: LinearBallConfig) -> Any:
    """Reg/M against M."""
    from mtrl.harness import style

    figure, axes = style.subplots(1, 1, width=7.6, height=3.8)
    ax = axes[0, 0]
    tasks = data["tasks"].values
    for color, marker, method in zip(style.COLORS, style.MARKERS, data["method"].values, strict=False):
        samples = data["total"].sel(dict(method=method)).transpose("seed", "tasks").values
        style.band(ax, tasks, samples, label=str(method), color=color, marker=marker)
    style.theory(ax, tasks, data["pege_theory"].values, color=style.COLORS[2], label="PEGE, leading order")
    style.theory(ax, tasks, data["known_theory"].values, color=style.COLORS[3], label="known B, leading order")
    rate = data["e2tc_rate"].values
    scale = float(data["total"].sel(dict(method="E2TC")).mean("seed").values[-1] / rate[-1])
    label = "E2TC rate, scaled at the largest M"
    style.theory(ax, tasks, scale * rate, color=style.COLORS[0], linestyle="--", label=label)
    if float(data["reference"]):
        style.paper(ax, list(REFERENCE["E2TC"]), list(REFERENCE["E2TC"].values()), label="E2TC, reference run")
    if tasks.min() < float(data["crossing_theory"]) < tasks.max():
        ax.axvline(float(data["crossing_theory"]), color="0.5", linestyle=":", label="crossing, theory")
    style.log_ticks(ax, tasks)
    ax.set(yscale="log", xlabel="number of tasks M", ylabel="regret per task, Reg/M")
    ax.set_title(f"unit ball, d = {config.dim}, k = {config.rank}, T = {config.rounds}")
    figure.legend(*ax.get_legend_handles_labels(), loc="outside right upper", fontsize=8)
    return figure


def total(method: str, **where: Any) -> Any:
    """Regret per task of a method."""
    return value("total", method=method, **where)


def near_reference(method: str, tasks: int | None = None) -> Claim:
    """A method's regret per task against the independent program's; averaged over M for the methods that do not share."""
    number = REFERENCE[method] if tasks is None else REFERENCE[method][tasks]
    where = "" if tasks is None else f" at M = {tasks}"
    return Claim(
        text=f"{method}'s regret per task{where}",
        paper=f"{number:g}, {PROGRAM}" + (RANGES.get(method, "")),
        measure=mean(total(method).over("tasks") if tasks is None else total(method, tasks=tasks)),
        accepts=between(0.9 * number, 1.1 * number),
        kind="reference",
        unit=REWARD,
        value=number,
        reason="10 %, ours: that program's errors are not known",
        note="where 20 seeds leave it open, about 50 would decide",
        applies=lambda data: bool(data["reference"]) and (tasks is None or tasks in data["tasks"].values),
    )


FIGURE = Figure(
    name="linear_ball",
    title="Linear bandits on the ball: E2TC, PEGE and the known subspace against M",
    config=LinearBallConfig,
    run=run,
    draw=draw,
    split=("tasks",),
    claims=(
        Claim(
            text="with few tasks exploring together costs more than it saves: E2TC loses to PEGE at the smallest M",
            paper="Yang et al. 2021, Theorem 3: d^1.5 k sqrt(MT) dominates for small M (ordering)",
            measure=mean(total("E2TC", tasks=fewest) - total("PEGE", tasks=fewest)),
            accepts=at_least(0.0),
            unit=REWARD,
        ),
        Claim(
            text="with many tasks E2TC beats PEGE",
            paper="Yang et al. 2021, Theorem 3 against d M sqrt(T) (ordering)",
            measure=mean(total("E2TC", tasks=most) - total("PEGE", tasks=most)),
            accepts=less_than_zero,
            unit=REWARD,
        ),
        Claim(
            text="sharing starts to pay at M = (d^1.5 k/(d-k))^2, 62.5 here (measured over predicted)",
            paper="equal exploration rounds of E2TC and PEGE (derived from the stage lengths)",
            measure=crossing(total("E2TC"), total("PEGE"), "tasks", over=value("crossing_theory")),
            accepts=between(1 / 1.5, 1.5),
            kind="derived",
            unit="1",
            value=1.0,
            reason="a factor 1.5: exploring costs about ||theta|| a round, and what committing loses is left out",
            applies=several_tasks,
        ),
        Claim(
            text="PEGE's regret over its leading order, averaged over M",
            paper="d sqrt(T) exploration plus the angle error of the estimate (derived)",
            measure=mean((total("PEGE") / value("pege_theory")).over("tasks")),
            accepts=between(0.95, 1.05),
            kind="derived",
            unit="1",
            value=1.0,
            reason="5 %, ours: the next order is the angle's square, (d - 1) / sqrt(T) = 6 %, in a term that is 30 % of the whole",
        ),
        *(near_reference("E2TC", tasks) for tasks in REFERENCE["E2TC"]),
        near_reference("PEGE"),
        near_reference("known B"),
    ),
    presets={
        "smoke": dict(seeds=2, tasks=(4,), rounds=1000, dim=4, rank=1),
        "paper": dict(seeds=100, tasks=(5, 10, 20, 50, 100, 200, 500)),
    },
    memory=lambda config: 16 * config.seeds * config.rounds * 8,
)
