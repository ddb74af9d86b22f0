"""Linear bandits on the unit ball: E2TC against PEGE and the known subspace, and where sharing starts to pay."""

import dataclasses
from typing import Any

import jax.numpy as jnp
import numpy as np

from experiments.multitask_bandits.common import paired
from mtrl.bandits import e2tc, linear_ball, pege, theory
from mtrl.harness import (
    BadInput,
    BaseConfig,
    Claim,
    Entrant,
    Figure,
    Interval,
    at_least,
    between,
    compete,
    field,
    less_than_zero,
    mean_interval,
)

METHODS = ("E2TC", "E2TC, rank unknown", "PEGE", "known B")
# Regret per task in an independent run at d = 10, k = 2, T = 20000, sigma = 1 (no errors given; PEGE 1964 to 1979, known B 335 to 343).
REFERENCE = {"E2TC": {5: 6138.0, 50: 2149.0, 500: 914.0}, "PEGE": 1971.5, "known B": 339.0}
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
            explore, identify = theory.e2tc_stages(tasks, self.rounds, dim=self.dim, rank=self.rank)
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
    explore, identify = theory.e2tc_stages(tasks, config.rounds, dim=config.dim, rank=config.rank)
    root = float(np.sqrt(config.rounds))
    stages = dict(explore=float(explore), identify=float(identify))
    rank = {"rank": config.rank}
    entrants = (
        Entrant("E2TC", e2tc, rank, stages),
        Entrant("E2TC, rank unknown", e2tc, {"rank": 0}, stages),
        Entrant("PEGE", pege, grid={"explore": float(np.ceil(config.dim * root))}),
        Entrant("known B", pege, {"known_subspace": True}, {"explore": float(np.ceil(config.rank * root))}),
    )
    played = compete(
        entrants,
        linear_ball(tasks=tasks, dim=config.dim, rank=config.rank),
        seeds=seeds,
        rounds=config.rounds,
        inputs=(config.noise,),
        record=regret_and_rank,
    )
    records = [played[name].record for name in METHODS]
    totals = [np.asarray(regret[:, 0], dtype=float).sum(1) for regret, _ in records]
    ranks = [
        rank[:, 0, -1] if entrant.factory is e2tc else np.full(len(seeds), config.rank)
        for entrant, (_, rank) in zip(entrants, records, strict=True)
    ]
    pege_theory = theory.commit_regret(config.rounds, config.dim * root, dim=config.dim, pulls=root, noise=config.noise)
    known_theory = theory.commit_regret(
        config.rounds, config.rank * root, dim=config.rank, pulls=root, noise=config.noise
    )
    data = xr.Dataset(
        {
            "total": (("tasks", "method", "seed"), np.stack(totals)[None]),
            "rank": (("tasks", "method", "seed"), np.stack(ranks)[None]),
            "pege_theory": (("tasks",), [float(pege_theory)]),
            "known_theory": (("tasks",), [float(known_theory)]),
            "reference": ((), float(all(getattr(config, name) == value for name, value in REFERENCE_SIZES.items()))),
            "crossing_theory": ((), float(theory.e2tc_crossing(config.dim, config.rank))),
            "e2tc_rate": (
                ("tasks",),
                [float(theory.e2tc_regret(tasks, config.rounds, dim=config.dim, rank=config.rank)) / tasks],
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


def crossing_point(tasks: np.ndarray, shared: np.ndarray, alone: np.ndarray) -> float:
    """First M, log-interpolated, where the shared method's mean falls below the other's; the grid's ends when outside it."""
    gap = np.log(shared) - np.log(alone)
    if gap[0] <= 0:
        return float(tasks[0])
    below = np.flatnonzero(gap <= 0)
    if below.size == 0:
        return float(tasks[-1])
    j = below[0]
    weight = gap[j - 1] / (gap[j - 1] - gap[j])
    return float(np.exp(np.log(tasks[j - 1]) + weight * (np.log(tasks[j]) - np.log(tasks[j - 1]))))


def crossing(data: Any) -> Interval:
    """Crossing of E2TC and PEGE, relative to the theory's, with a bootstrap interval over seeds."""
    shared = data["total"].sel(dict(method="E2TC")).transpose("seed", "tasks").values
    alone = data["total"].sel(dict(method="PEGE")).transpose("seed", "tasks").values
    tasks = data["tasks"].values.astype(float)
    generator = np.random.default_rng(0)
    draws = generator.integers(0, len(shared), size=(1000, len(shared)))
    found = [crossing_point(tasks, shared[i].mean(0), alone[i].mean(0)) for i in draws]
    theory_value = float(data["crossing_theory"])
    value = crossing_point(tasks, shared.mean(0), alone.mean(0))
    return Interval(value / theory_value, *(np.quantile(found, [0.025, 0.975]) / theory_value))


def loses_early(data: Any) -> Interval:
    """E2TC minus PEGE at the smallest M."""
    m = data["tasks"].values.min()
    return mean_interval(paired(data, "total", dict(tasks=m, method="E2TC"), dict(tasks=m, method="PEGE")))


def wins_late(data: Any) -> Interval:
    """E2TC minus PEGE at the largest M."""
    m = data["tasks"].values.max()
    return mean_interval(paired(data, "total", dict(tasks=m, method="E2TC"), dict(tasks=m, method="PEGE")))


def pege_against_theory(data: Any) -> Interval:
    """PEGE's regret over its leading order."""
    ratio = data["total"].sel(dict(method="PEGE")) / data["pege_theory"]
    return mean_interval(ratio.mean("tasks").values)


def near_reference(method: str, tasks: int | None = None) -> Claim:
    """A method's regret per task over the reference run's; averaged over M for the methods that do not share."""
    value = REFERENCE[method] if tasks is None else REFERENCE[method][tasks]

    def measure(data: Any) -> Interval:
        total = data["total"].sel(dict(method=method))
        return mean_interval((total.mean("tasks") if tasks is None else total.sel(tasks=tasks)).values / value)

    where = "" if tasks is None else f" at M = {tasks}"
    return Claim(
        text=f"{method}'s regret per task{where} over the reference run's, within 10 %",
        paper=f"{value:g}, independent run of these settings (no error given; the 10 % are ours)",
        measure=measure,
        accepts=between(0.9, 1.1),
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
            measure=loses_early,
            accepts=at_least(0.0),
        ),
        Claim(
            text="with many tasks E2TC beats PEGE",
            paper="Yang et al. 2021, Theorem 3 against d M sqrt(T) (ordering)",
            measure=wins_late,
            accepts=less_than_zero,
        ),
        Claim(
            text="sharing starts to pay at M = (d^1.5 k/(d-k))^2, 62.5 here, within a factor 1.5 (measured over predicted)",
            paper="equal exploration rounds of E2TC and PEGE (derived from the stage lengths)",
            measure=crossing,
            accepts=between(1 / 1.5, 1.5),
        ),
        Claim(
            text="PEGE's regret equals its leading order within 5 %",
            paper="d sqrt(T) exploration plus the angle error of the estimate (derived)",
            measure=pege_against_theory,
            accepts=between(0.95, 1.05),
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
