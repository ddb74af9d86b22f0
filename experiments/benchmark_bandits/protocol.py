"""What the figures share: our runs of the linear bandits, factors of seconds paired within a round, and the claims on them."""

import functools
from typing import Any

from mtrl import bandits
from mtrl.harness import Claim, Interval, at_least, simulate
from mtrl.harness.judge.measures import Measure, Quantity, times_faster

RIVALS = ("LinUCB", "MTLR-OFUL")
METHODS = (*RIVALS, "world alone")


def total(step: Any) -> Any:
    """Keep the mean regret only."""
    return step.outcome.regret.mean()


def ours(config: Any, seeds: Any, method: str, fresh: bool = False) -> Any:
    """A callable that runs all seeds of a method."""
    factory, static, hyper = {
        "LinUCB": (bandits.linucb, {}, {"alpha": 0.3}),
        "MTLR-OFUL": (bandits.mtlr_oful, {"rank": config.rank}, {"scale": 0.1, "noise": config.noise}),
        "world alone": (bandits.uniform, {}, {}),
    }[method]
    world = bandits.linear_arms if fresh else bandits.fixed_arms
    problem = world(tasks=config.tasks, dim=config.dim, rank=config.rank, arms=config.arms)
    options = dict(seeds=seeds, rounds=config.rounds, problem=problem, inputs=(config.noise,), record=total)
    return functools.partial(simulate, factory, static=static, hyper=hyper, **options)


def times(slow: Quantity, fast: Quantity, over: Quantity | None = None) -> Measure:
    """Slow over fast (see `times_faster`), over a number without error."""
    ratio = times_faster(slow, fast)
    return lambda data, config: Interval(
        *(x / (float(over(data, config)) if over else 1.0) for x in ratio(data, config))
    )


def faster(text: str, goal: float, measure: Measure, unit: str, words: str = "", note: str = "") -> Claim:
    """Claim: at least that many times faster."""
    paper = "goal of this codebase" + words
    return Claim.speed(text, paper, measure, at_least(goal), unit=unit, reason="the goal", note=note)
