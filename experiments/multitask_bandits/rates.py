"""The rates themselves: what sharing gains according to the bounds, for general and linear classes."""

from typing import Any

import numpy as np

from mtrl import bandits
from mtrl.harness import Axis, BaseConfig, Claim, Figure, between, dataset, evaluate, field
from mtrl.harness.judge.measures import LAST, exact, value
from mtrl.harness.picture import plots
from mtrl.numerics import function_classes


class RatesConfig(BaseConfig):
    """Gain of sharing against M, and complexities of the linear class."""

    seeds: int = field(1, help="not used: nothing is random", lower=1)
    tasks: tuple[float, ...] = field(
        (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 1e3, 1e4), help="numbers of tasks M", lower=1.0
    )
    rank: float = field(5.0, help="representation dimension k", lower=1.0, at_most="dim")
    log_coverings: tuple[float, ...] = field((50.0, 500.0, 5000.0), help="log covering numbers log N(Phi)", lower=0.0)
    dim: float = field(50.0, help="input dimension d of the linear class", lower=1.0)
    rounds: float = field(1e4, help="rounds per task T", lower=1.0)
    scales: tuple[float, ...] = field(
        (0.5, 0.2, 0.1, 0.05, 0.02, 0.01), help="scales of the eluder dimension", lower=0.0, strict=True
    )


def curves(tasks: Any, rank: Any, log_coverings: Any, dim: Any, rounds: Any, scales: Any) -> Any:
    """Gain for every covering number, per-task linear rates, eluder dimensions."""
    gains = bandits.theory.gain(tasks[None, :], rank=rank, log_covering=log_coverings[:, None])
    shared = bandits.theory.linear_shared_regret(tasks, rounds, dim=dim, rank=rank) / tasks
    general = bandits.theory.gfucb_regret(tasks, rounds, rank=rank, log_covering=dim * rank, eluder=dim) / tasks
    alone = bandits.theory.linear_independent_regret(tasks, rounds, dim=dim) / tasks
    return (
        gains,
        shared,
        general,
        alone,
        function_classes.linear_eluder_bound(dim, 1.0, scales),
        function_classes.linear_eluder_length(dim, 1.0, scales),
    )


def run(config: RatesConfig, seeds: np.ndarray) -> Any:
    """Evaluate the closed forms."""
    fields = ("tasks", "rank", "log_coverings", "dim", "rounds", "scales")
    gains, shared, general, alone, bound, length = evaluate(curves, *(np.asarray(getattr(config, f)) for f in fields))
    return dataset(
        None,
        {
            "tasks": Axis(config.tasks, words="number of tasks M"),
            "log_covering": config.log_coverings,
            "eps": Axis(config.scales, words="scale eps"),
        },
        gain=(("log_covering", "tasks"), gains, "1", "independent / shared regret"),
        shared=("tasks", shared),
        general=("tasks", general),
        alone=("tasks", alone, "", "rate of Reg/M"),
        eluder_bound=("eps", bound, "inputs", "eluder dimension"),
        eluder_length=("eps", length),
    )


def draw(data: Any, config: RatesConfig) -> Any:
    """Gains, linear rates, eluder dimension."""
    figure, axes = plots.panel(1, 3, width=3.9)
    left, middle, right = axes[0]
    looks = plots.looks({float(v): f"log N = {v:g}" for v in data["log_covering"].values})
    plots.theory(left, data["gain"], "tasks", "log_covering", looks)
    for log_covering, look in looks.items():
        plots.level(left, np.sqrt(1 + log_covering / config.rank), color=look.color, linestyle=":", linewidth=1)
    plots.finish(left, title=f"gain, k = {config.rank:g} (dotted: limits)", log="xy")
    names = {"alone": "M d sqrt(T)", "shared": "M sqrt(dkT) + d sqrt(kMT)", "general": "sqrt(M T d (M k + d k))"}
    for name, look in plots.looks(names).items():
        plots.theory(middle, data[name], "tasks", look=look)
    plots.finish(middle, title=f"linear class, d = {config.dim:g}", log="xy")
    for name, look in plots.looks({"eluder_bound": "upper bound", "eluder_length": "explicit sequence"}).items():
        plots.theory(right, data[name], "eps", look=look)
    plots.finish(right, title="linear class, S = 1", log="xy")
    return figure


# Where the two lengths tend as eps falls: d 2 log2(1/eps) inputs over 3 d (e/(e-1)) 2 log(1/eps).
ELUDER_LIMIT = (1 - np.exp(-1.0)) / (3 * np.log(2.0))


FIGURE = Figure(
    __name__,
    title="Regret rates and gain of sharing against M; eluder dimension of the linear class",
    question="What do the regret bounds promise as tasks are added, and how large is the eluder dimension of the linear class?",
    claims=(
        Claim.sanity("gain of the bound with k = 5 and log N = 500 at M = 100",
              "7.11, ratio of Theorem 1 and the single-task bound, by hand", exact(value("gain", tasks=100.0, log_covering=500.0)),
              between(7.105, 7.115, "rounding of 7.11"), unit="1", value=7.11,
              applies=lambda data: 100.0 in data["tasks"].values and 500.0 in data["log_covering"].values),
        Claim.sanity("the linear rate over the general one with dim_E = d, log N = dk, largest over M",
              "Theorem 1 recovers Hu et al.'s rate within sqrt(2): (a + b) / sqrt(a^2 + b^2)",
              exact((value("shared") / value("general")).over("tasks", how="max")), between(1.0, 1.41422), unit="1",
              reason="a sum of two terms over the root of the sum of their squares, largest where they are equal"),
        Claim.sanity("an explicit independent sequence over the bound on the eluder dimension, at the finest scale, over its limit",
              "Russo and Van Roy 2013, Proposition 6: both grow as d log(1/eps), the ratio tends to (e-1)/(3 e log 2) = 0.304",
              exact(value("eluder_length", eps=LAST) / value("eluder_bound", eps=LAST) / ELUDER_LIMIT),
              between(0.94, 1.06, "rounding up to whole inputs, one in 17 on every axis at eps = 0.01"), unit="1", value=1.0),
    ),
    presets={"smoke": {}, "paper": {}},
)  # fmt: skip
