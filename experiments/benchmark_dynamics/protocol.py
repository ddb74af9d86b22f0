"""What the figures share: looks, calls to be timed, and the claims on factors of seconds."""

import functools
from collections.abc import Callable
from typing import Any

from mtrl.harness import Claim, at_least, evaluate
from mtrl.harness.judge.measures import Measure
from mtrl.harness.picture import plots

OURS, LOOP = plots.looks(("ours", "NumPy loop")).values()


def calling(fn: Callable, *arrays: Any, **static: Any) -> Callable[[], Any]:
    """A call of one compiled program, as `timing.compare` wants it."""
    return functools.partial(evaluate, fn, *arrays, **static)


def faster(text: str, goal: float, measure: Measure, unit: str, words: str = "", note: str = "") -> Claim:
    """Claim: at least that many times faster."""
    paper = "goal of this codebase" + words
    return Claim.speed(text, paper, measure, at_least(goal), unit=unit, reason="the goal", note=note)
