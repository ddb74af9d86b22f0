"""The rates themselves: what sharing gains according to the bounds, for general and linear classes."""

import dataclasses
from typing import Any

import numpy as np

from mtrl.bandits import theory
from mtrl.harness import BadInput, BaseConfig, Claim, Figure, between, evaluate, exact, field
from mtrl.numerics.function_classes import linear_eluder_bound, linear_eluder_length


@dataclasses.dataclass(frozen=True)
class RatesConfig(BaseConfig):
    """Gain of sharing against M, and complexities of the linear class."""

    seeds: int = field(1, help="not used: nothing is random", lower=1)
    tasks: tuple[float, ...] = field(
        (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 1e3, 1e4), help="numbers of tasks M", lower=1.0
    )
    rank: float = field(5.0, help="representation dimension k", lower=1.0)
    log_coverings: tuple[float, ...] = field((50.0, 500.0, 5000.0), help="log covering numbers log N(Phi)", lower=0.0)
    dim: float = field(50.0, help="input dimension d of the linear class", lower=1.0)
    rounds: float = field(1e4, help="rounds per task T", lower=1.0)
    scales: tuple[float, ...] = field(
        (0.5, 0.2, 0.1, 0.05, 0.02, 0.01), help="scales of the eluder dimension", lower=0.0, strict=True
    )

    def validate(self) -> None:
        """The subspace must fit."""
        if self.rank > self.dim:
            raise BadInput(f"rank (k) got {self.rank}, but must lie between 1 and the width {self.dim}; lower it")


def curves(tasks: Any, rank: Any, log_coverings: Any, dim: Any, rounds: Any, scales: Any) -> Any:
    """Gain for every covering number, per-task linear rates, eluder dimensions."""
    gains = theory.gain(tasks[None, :], rank=rank, log_covering=log_coverings[:, None])
    shared = theory.linear_shared_regret(tasks, rounds, dim=dim, rank=rank) / tasks
    general = theory.gfucb_regret(tasks, rounds, rank=rank, log_covering=dim * rank, eluder=dim) / tasks
    alone = theory.linear_independent_regret(tasks, rounds, dim=dim) / tasks
    return gains, shared, general, alone, linear_eluder_bound(dim, 1.0, scales), linear_eluder_length(dim, 1.0, scales)


def run(config: RatesConfig, seeds: np.ndarray) -> Any:
    """Evaluate the closed forms."""
    import xarray as xr

    arrays = [
        np.asarray(x)
        for x in (config.tasks, config.rank, config.log_coverings, config.dim, config.rounds, config.scales)
    ]
    gains, shared, general, alone, bound, length = evaluate(curves, *arrays)
    return xr.Dataset(
        {
            "gain": (("log_covering", "tasks"), gains),
            "shared": (("tasks",), shared),
            "general": (("tasks",), general),
            "alone": (("tasks",), alone),
            "eluder_bound": (("eps",), bound),
            "eluder_length": (("eps",), length),
        },
        coords={"tasks": list(config.tasks), "log_covering": list(config.log_coverings), "eps": list(config.scales)},
    )


def draw(data: Any, config: RatesConfig) -> Any:
    """Gains, linear rates, eluder dimension."""
    from mtrl.harness import style

    figure, axes = style.subplots(1, 3, width=3.9)
    left, middle, right = axes[0]
    tasks = data["tasks"].values
    for color, value in zip(style.COLORS, data["log_covering"].values, strict=False):
        style.theory(left, tasks, data["gain"].sel(log_covering=value).values, color=color, label=f"log N = {value:g}")
        left.axhline(np.sqrt(1 + value / config.rank), color=color, linestyle=":", linewidth=1)
    left.set(xscale="log", yscale="log", xlabel="number of tasks M", ylabel="independent / shared regret")
    left.set_title(f"gain, k = {config.rank:g} (dotted: limits)")
    names = {"alone": "M d sqrt(T)", "shared": "M sqrt(dkT) + d sqrt(kMT)", "general": "sqrt(M T d (M k + d k))"}
    for color, (name, label) in zip(style.COLORS, names.items(), strict=False):
        style.theory(middle, tasks, data[name].values, color=color, label=label)
    middle.set(xscale="log", yscale="log", xlabel="number of tasks M", ylabel="rate of Reg/M")
    middle.set_title(f"linear class, d = {config.dim:g}")
    eps = data["eps"].values
    style.theory(right, eps, data["eluder_bound"].values, color=style.COLORS[0], label="upper bound")
    style.theory(right, eps, data["eluder_length"].values, color=style.COLORS[1], label="explicit sequence")
    right.set(xscale="log", yscale="log", xlabel="scale eps", ylabel="eluder dimension", title="linear class, S = 1")
    for ax in (left, middle, right):
        ax.legend()
    return figure


def gain_at(tasks: float, log_covering: float) -> Any:
    """Measure: the gain at one M, nearest on the grid."""

    def measure(data: Any) -> Any:
        return exact(data["gain"].sel(tasks=tasks, log_covering=log_covering, method="nearest"))

    return measure


def linear_within_root_two(data: Any) -> Any:
    """Largest ratio of the linear rate and the general one."""
    return exact((data["shared"] / data["general"]).max())


def sequence_below_bound(data: Any) -> Any:
    """Largest ratio of the explicit sequence's length and the upper bound."""
    return exact((data["eluder_length"] / data["eluder_bound"]).max())


FIGURE = Figure(
    name="rates",
    title="Regret rates and gain of sharing against M; eluder dimension of the linear class",
    config=RatesConfig,
    run=run,
    draw=draw,
    claims=(
        Claim(
            text="with k = 5 and log N = 500 the bound gains 7.11 at M = 100",
            paper="ratio of Theorem 1 and the single-task bound",
            measure=gain_at(100.0, 500.0),
            accepts=between(7.10, 7.12),
        ),
        Claim(
            text="the general rate with dim_E = d, log N = dk equals the linear one within sqrt(2)",
            paper="Theorem 1 recovers Hu et al.'s rate (ratio of the two, largest over M)",
            measure=linear_within_root_two,
            accepts=between(1.0, 1.41422),
        ),
        Claim(
            text="an explicit independent sequence stays below the bound on the eluder dimension",
            paper="Russo and Van Roy 2013, Proposition 6 (largest ratio)",
            measure=sequence_below_bound,
            accepts=between(0.0, 1.0),
        ),
    ),
    presets={"smoke": {}, "paper": {}},
)
