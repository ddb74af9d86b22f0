"""Claims as data: what the paper says, our number with its interval, and a rule that gives the verdict."""

import dataclasses
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

REPRODUCED, NOT_REPRODUCED, UNDECIDED = "reproduced", "not reproduced", "undecided"


class Interval(NamedTuple):
    """Our number with its interval; a deterministic number has low = high = value."""

    value: float
    low: float
    high: float


class Region(NamedTuple):
    """The values that agree with the paper: the closed interval [low, high]."""

    low: float
    high: float

    def __str__(self) -> str:
        """In words, as printed in the claims table."""
        if math.isinf(self.low):
            return f"at most {self.high:.4g}"
        if math.isinf(self.high):
            return f"at least {self.low:.4g}"
        return f"{self.low:.4g} to {self.high:.4g}"


def at_least(bound: float) -> Region:
    """Agreement means: value >= bound."""
    return Region(bound, math.inf)


def at_most(bound: float) -> Region:
    """Agreement means: value <= bound."""
    return Region(-math.inf, bound)


def between(low: float, high: float) -> Region:
    """Agreement means: low <= value <= high."""
    return Region(low, high)


less_than_zero = at_most(0.0)


def exact(value: Any) -> Interval:
    """A number without sampling error."""
    value = float(value)
    return Interval(value, value, value)


def mean_interval(samples: ArrayLike, level: float = 0.95) -> Interval:
    """Student t-interval for the mean of independent draws (one per seed); needs two or more, else it is unbounded."""
    samples = np.asarray(samples, dtype=float).ravel()
    mean, n = float(samples.mean()), samples.size
    if n < 2:
        return Interval(mean, -math.inf, math.inf)
    half = float(stats.t.ppf(0.5 + level / 2, n - 1) * samples.std(ddof=1) / math.sqrt(n))
    return Interval(mean, mean - half, mean + half)


def proportion_interval(successes: float, trials: int, level: float = 0.95) -> Interval:
    """Wilson score interval for a proportion."""
    ci = stats.binomtest(int(successes), int(trials)).proportion_ci(level, method="wilson")
    return Interval(successes / trials, float(ci.low), float(ci.high))


@dataclasses.dataclass(frozen=True)
class Claim:
    """One checkable statement of a paper.

    Attributes:
      text: the statement, in plain words.
      paper: what the paper reports (number or ordering) and where.
      measure: dataset -> Interval, our number on the claim's scale.
      accepts: the region of values that agree with the paper.
      note: a remark shown beside the verdict.
      applies: dataset -> whether the claim is about it at all; a claim about a named benchmark says nothing of a stand-in.
    """

    text: str
    paper: str
    measure: Callable[[Any], Interval]
    accepts: Region
    note: str = ""
    applies: Callable[[Any], bool] = lambda data: True


def verdict(interval: Interval, accepts: Region) -> str:
    """Reproduced: the whole interval agrees; not reproduced: none of it does; else undecided."""
    if any(math.isnan(x) for x in interval):
        return UNDECIDED
    if accepts.low <= interval.low and interval.high <= accepts.high:
        return REPRODUCED
    if interval.high < accepts.low or interval.low > accepts.high:
        return NOT_REPRODUCED
    return UNDECIDED


def _number(x: float) -> float | None:
    return float(x) if math.isfinite(x) else None  # JSON has no infinity


def evaluate_claim(claim: Claim, data: Any) -> dict[str, Any]:
    """The record stored in claims.json: claim, paper, ours, interval, verdict, and the accepted region."""
    interval = Interval(*(float(x) for x in claim.measure(data)))
    record = {
        "claim": claim.text,
        "paper": claim.paper,
        "ours": _number(interval.value),
        "interval": [_number(interval.low), _number(interval.high)],
        "accepts": str(claim.accepts),
        "verdict": verdict(interval, claim.accepts),
    }
    return {**record, "note": claim.note} if claim.note else record
