"""What the figures share: the tuning protocol, looks, the bookkeeping of regret, and the forms of their claims.

Tuning, the same for every method with a confidence radius: the squared radius (or the width) is `scale` times the shape its
theory gives it; `scale` is the one of the grid `--scales` with the least mean total regret on as many TUNING seeds (the reported
ones plus 1,000,003, never reported). Methods without a radius follow their theory's schedule.
"""

from typing import Any

import numpy as np

from mtrl.harness import Claim, between, compete, less_than_zero
from mtrl.harness.judge.measures import mean, value
from mtrl.harness.picture import plots

TUNING_OFFSET = 1_000_003
REWARD, PER_TASK = "reward per task", "regret per task, Reg/M"
# Numbers of runs whose code is not published; no paper gives numbers for these settings.
PROGRAM = "an independent program of these settings, written from the papers, not by their authors"

# One colour and marker per role: sharing, alone, greedy, known, linear in the inputs, two variants of sharing, no learning.
ROLES = (
    ("GFUCB", "MTLR-OFUL, relaxed ellipsoid", "E2TC", "BOSS, truth among experts", "neural GFUCB", "neural GFUCB, last_layer"),
    ("GFUCB per task", "OFUL per task", "PEGE", "budget per task"),
    ("greedy", "MLinGreedy"),
    ("known phi", "known B", "PEGE, known subspace"),
    ("LinUCB on x", "LinUCB on pixels", "SeqRepL"),
    ("MTLR-OFUL, projected", "E2TC, rank unknown", "BOSS, random experts", "neural GFUCB, gradient"),
    ("GFUCB, linear class", "neural GFUCB, optimistic_net", "uniform"),
)  # fmt: skip
LOOK = {
    name: look._replace(words=name)
    for look, names in zip(plots.looks(map(str, range(len(ROLES)))).values(), ROLES, strict=True)
    for name in names
}
LOOK["greedy"] = LOOK["greedy"]._replace(line="--")  # often level with sharing
LOOK["uniform"] = LOOK["uniform"]._replace(color="0.5", line=":")


def task_looks(data: Any, words: str = "") -> dict:
    """A look per number of tasks."""
    return plots.looks({int(m): f"{words}M = {m}" for m in data["tasks"].values})


def keep_regret(step: Any) -> Any:
    """Record regret per task, averaged over the tasks of the round."""
    return step.outcome.regret.mean()


def tuned(entrants: Any, problem: Any, seeds: Any, **keywords: Any) -> tuple[dict, dict]:
    """Cumulative Reg/M (seed, round) of every entrant at what the tuning seeds prefer, and the hyper-parameters it played with."""
    others = np.asarray(seeds) + TUNING_OFFSET
    results = compete(entrants, problem, seeds=seeds, tuning_seeds=others, record=keep_regret, **keywords)
    curves = {name: np.cumsum(np.asarray(r.record, dtype=float), axis=1) for name, r in results.items()}
    return curves, {name: result.chosen for name, result in results.items()}


def most(config: Any) -> int:
    """The largest M of a configuration."""
    return max(config.tasks)


def fewest(config: Any) -> int:
    """The smallest M of a configuration."""
    return min(config.tasks)


def several_tasks(data: Any) -> bool:
    """Whether there are two M to compare."""
    return data.sizes["tasks"] > 1


def total(method: str, tasks: Any = most) -> Any:
    """Regret per task of a method at one M."""
    return value("total", method=method, tasks=tasks)


def minus(left: str, right: str, tasks: Any = most) -> Any:
    """Measure: a method's regret per task minus another's at one M."""
    return mean(total(left, tasks) - total(right, tasks))


def across_tasks(method: str, name: str = "total") -> Any:
    """Measure: a method at the largest M minus the smallest."""
    return mean(value(name, method=method, tasks=most) - value(name, method=method, tasks=fewest))


def lower(text: str, paper: str, measure: Any, make: Any = Claim, **more: Any) -> Claim:
    """A claim that a difference of regrets is below 0."""
    return make(text, f"{paper} (ordering)", measure, less_than_zero, **{"unit": REWARD, **more})


def reference(text: str, number: float, words: str, measure: Any, half: float, **more: Any) -> Claim:
    """A claim that a regret is within `half` of the independent program's number."""
    region = between(number - half, number + half)
    return Claim.reference(text, words, measure, region, unit=REWARD, value=number, **more)
