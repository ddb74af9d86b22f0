"""Linear bandits with finitely many arms: joint low-rank optimism against independent OFUL, for several M."""

import dataclasses
from typing import Any

import numpy as np

from experiments.multitask_bandits.common import REWARD, fewest, most, several_tasks, tuned
from mtrl import bandits
from mtrl.harness import (
    BadInput,
    BaseConfig,
    Claim,
    Entrant,
    Figure,
    at_least,
    between,
    field,
    less_than_zero,
)
from mtrl.harness.judge.measures import crossing, lowest, mean, value

METHODS = (
    "MTLR-OFUL, relaxed ellipsoid",
    "MTLR-OFUL, projected",
    "GFUCB, linear class",
    "MLinGreedy",
    "OFUL per task",
    "known B",
)
RELAXED, PROJECTED, GFUCB, GREEDY, ALONE, KNOWN = METHODS


@dataclasses.dataclass(frozen=True)
class LinearArmsConfig(BaseConfig):
    """Unit parameters in a random subspace, arms uniform on the sphere."""

    tasks: tuple[int, ...] = field((1, 4, 16), help="numbers of tasks M", lower=1)
    rounds: int = field(200, help="rounds per task T", lower=2)
    arms: int = field(10, help="arms A", lower=2)
    dim: int = field(10, help="dimension d", lower=2)
    rank: int = field(2, help="subspace dimension k", lower=1)
    noise: float = field(0.3, help="noise standard deviation sigma", lower=0.0)
    scales: tuple[float, ...] = field((0.02, 0.1, 0.5), help="radius scales tried on tuning seeds", lower=0.0)

    def validate(self) -> None:
        """The subspace must fit."""
        if self.rank > self.dim:
            raise BadInput(f"rank (k) got {self.rank}, but must lie between 1 and the width {self.dim}; lower it")


def run(config: LinearArmsConfig, seeds: np.ndarray) -> Any:
    """All methods at one M."""
    import xarray as xr

    (tasks,) = config.tasks
    problem = bandits.linear_arms(tasks=tasks, dim=config.dim, rank=config.rank, arms=config.arms)
    rank, radius = {"rank": config.rank}, {"scale": config.scales, "noise": config.noise}
    entrants = (
        Entrant(RELAXED, bandits.mtlr_oful, rank, radius),
        Entrant(PROJECTED, bandits.mtlr_oful, {**rank, "bonus": "projected"}, radius),
        Entrant(GFUCB, bandits.gfucb_linear, rank, radius),
        Entrant(GREEDY, bandits.mlingreedy, rank),
        Entrant(ALONE, bandits.oful, grid=radius),
        Entrant(KNOWN, bandits.known_representation, grid=radius),
    )
    curves, chosen = tuned(entrants, problem, seeds, rounds=config.rounds, inputs=(config.noise,))
    scales = {name: float(hyper.get("scale", np.nan)) for name, hyper in chosen.items()}
    totals = np.stack([curves[name][:, -1] for name in METHODS])[None]
    shared = bandits.theory.linear_shared_regret(tasks, config.rounds, dim=config.dim, rank=config.rank) / tasks
    alone = bandits.theory.linear_independent_regret(tasks, config.rounds, dim=config.dim) / tasks
    data = xr.Dataset(
        {
            "total": (("tasks", "method", "seed"), totals),
            "scale": (("tasks", "method"), [[scales[name] for name in METHODS]]),
            "shared_rate": (("tasks",), [float(shared)]),
            "alone_rate": (("tasks",), [float(alone)]),
            "crossing_theory": ((), float(bandits.theory.linear_crossing(config.dim, config.rank))),
        },
        coords={"tasks": [tasks], "method": list(METHODS), "seed": seeds},
    )
    data["total"].attrs["units"] = "reward per task"
    return data


def draw(data: Any, config: LinearArmsConfig) -> Any:
    """Reg/M against M, the rates scaled at one point each."""
    from mtrl.harness import style

    figure, axes = style.subplots(1, 1, width=5.4, height=4.0)
    ax = axes[0, 0]
    tasks = data["tasks"].values
    for j, method in enumerate(data["method"].values):
        samples = data["total"].sel(dict(method=method)).transpose("seed", "tasks").values
        offset = 1.02 ** (j - 2)
        look = dict(color=style.COLORS[j], marker=style.MARKERS[j])
        style.band(ax, tasks * offset, samples, label=str(method), **look)
    mean = data["total"].mean("seed")
    rates = {"shared_rate": (RELAXED, 0, "M sqrt(dkT) + d sqrt(kMT)"), "alone_rate": (ALONE, 4, "M d sqrt(T)")}
    for rate, (method, j, formula) in rates.items():
        curve = data[rate].values
        scaled = curve * float(mean.sel(dict(method=method)).values[0] / curve[0])
        label = f"{formula}, scaled at M = {tasks[0]}"
        style.theory(ax, tasks, scaled, color=style.COLORS[j], linestyle="--", label=label)
    style.log_ticks(ax, tasks)
    ax.set(yscale="log", xlabel="number of tasks M", ylabel="regret per task, Reg/M")
    ax.set_title(f"{config.arms} arms, d = {config.dim}, k = {config.rank}, T = {config.rounds}")
    ax.set_ylim(top=4.5 * float(mean.max()))
    ax.legend(loc="upper right", ncol=2, fontsize=7)
    return figure


def total(method: str, tasks: Any = most) -> Any:
    """Regret per task of a method at one M."""
    return value("total", method=method, tasks=tasks)


def against_alone(method: str, tasks: Any = most) -> Any:
    """Measure: a method minus OFUL per task."""
    return mean(total(method, tasks) - total(ALONE, tasks))


FIGURE = Figure(
    name="linear_arms",
    title="Linear bandits with arms: joint low-rank optimism against independent OFUL over M",
    config=LinearArmsConfig,
    run=run,
    draw=draw,
    split=("tasks",),
    claims=(
        Claim(
            text="MTLR-OFUL's regret per task falls from the smallest to the largest M",
            paper="Hu et al. 2021, Theorem 1 divided by M (ordering)",
            measure=mean(total(RELAXED) - total(RELAXED, fewest)),
            accepts=less_than_zero,
            unit=REWARD,
            applies=several_tasks,
        ),
        Claim(
            text="MTLR-OFUL (relaxed ellipsoid) beats OFUL per task at the largest M",
            paper="Hu et al. 2021: M sqrt(dkT) + d sqrt(kMT) against M d sqrt(T) (ordering)",
            measure=against_alone(RELAXED),
            accepts=less_than_zero,
            unit=REWARD,
        ),
        Claim(
            text="GFUCB over the linear class, one optimistic B for all tasks, beats OFUL per task at the largest M",
            paper="Lu et al. 2022, Theorem 1 with a linear class (ordering)",
            measure=against_alone(GFUCB),
            accepts=less_than_zero,
            unit=REWARD,
        ),
        Claim(
            text="MLinGreedy beats OFUL per task at the largest M",
            paper="Yang et al. 2021: M sqrt(kT) + sqrt(dkMT) (ordering)",
            measure=against_alone(GREEDY),
            accepts=less_than_zero,
            unit=REWARD,
            note="each epoch forgets the data before it, and the first ones (1, 2, 4, 8 rounds) fit dk + Mk = 52 numbers on 16 to 128 "
            "rewards: half of its regret is lost by round 15 of 200 (8 other seeds)",
        ),
        Claim(
            text="at the smallest M there is little to share, and MTLR-OFUL loses to OFUL per task",
            paper="the ratio of the rates is sqrt(k/d) + sqrt(k/M), 1.86 at M = 1, d = 10, k = 2 (ordering)",
            measure=against_alone(RELAXED, fewest),
            accepts=at_least(0.0),
            kind="derived",
            unit=REWARD,
            note="one task a seed: about 400 seeds would decide a difference of 0.57",
        ),
        Claim(
            text="sharing starts to pay where the rates cross (measured over predicted M; ahead at once counts as the smallest M)",
            paper="M sqrt(dkT) + d sqrt(kMT) = M d sqrt(T) at M = k / (1 - sqrt(k/d))^2, 6.5 for d=10, k=2",
            measure=crossing(
                value("total", method=RELAXED), value("total", method=ALONE), "tasks", over=value("crossing_theory")
            ),
            accepts=between(1 / 1.5, 1.5),
            kind="derived",
            unit="1",
            value=1.0,
            reason="a factor 1.5 for the constants that the rates leave out, as on the ball",
            note="the constants are not alike: at M = 1 the two are level within their error, where the rates say 86 % more",
            applies=several_tasks,
        ),
        Claim(
            text="the known subspace is a lower envelope at the largest M (minus the lowest of the other methods)",
            paper="k instead of d directions to learn, and none of the subspace (ordering)",
            measure=lowest(value("total", tasks=most), KNOWN),
            accepts=less_than_zero,
            kind="derived",
            unit=REWARD,
        ),
    ),
    presets={
        "smoke": dict(seeds=2, tasks=(2,), rounds=10, dim=4, rank=1, arms=3, scales=(0.1,)),
        "paper": dict(seeds=100, tasks=(1, 2, 4, 8, 16, 32, 64), rounds=2000, scales=(0.005, 0.02, 0.1, 0.5, 2.0)),
    },
)
