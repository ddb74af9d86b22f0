"""Claims as data: what the paper says, our number with its interval, and a rule that gives the verdict."""

import dataclasses
import inspect
import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

REPRODUCED, NOT_REPRODUCED, UNDECIDED = "reproduced", "not reproduced", "undecided"


class Absent(LookupError):
    """The data hold no such variable or label: the claim says nothing of them."""


class Interval(NamedTuple):
    """Our number with its interval; a deterministic number has low = high = value."""

    value: float
    low: float
    high: float


@dataclasses.dataclass(frozen=True)
class Region:
    """The values that agree with the paper: the closed interval [low, high], and why it is what it is."""

    low: float
    high: float
    reason: str = ""

    def __iter__(self) -> Iterator[float]:
        """Its two ends."""
        return iter((self.low, self.high))

    def __str__(self) -> str:
        """In words, as printed in the claims table."""
        if math.isinf(self.low):
            return f"at most {self.high:.4g}"
        if math.isinf(self.high):
            return f"at least {self.low:.4g}"
        return f"{self.low:.4g} to {self.high:.4g}"


def at_least(bound: float, reason: str = "") -> Region:
    """Agreement means: value >= bound; with the reason of the bound."""
    return Region(bound, math.inf, reason)


def at_most(bound: float, reason: str = "") -> Region:
    """Agreement means: value <= bound; with the reason of the bound."""
    return Region(-math.inf, bound, reason)


def between(low: float, high: float, reason: str = "") -> Region:
    """Agreement means: low <= value <= high; with the reason of the bounds."""
    return Region(low, high, reason)


less_than_zero = at_most(0.0)


def exact(value: Any) -> Interval:
    """A number without sampling error."""
    value = float(value)
    return Interval(value, value, value)


def mean_interval(samples: ArrayLike, level: float = 0.95) -> Interval:
    """Student t-interval for the mean of independent draws (one per seed); needs two or more, else it is unbounded.

    Its ends are NaN, and a verdict on it undecided, where a draw is infinite.
    """
    from scipy import stats

    samples = np.asarray(samples, dtype=float).ravel()
    mean, n = float(samples.mean()), samples.size
    if n < 2:
        return Interval(mean, -math.inf, math.inf)
    with np.errstate(invalid="ignore"):  # inf - inf
        half = float(stats.t.ppf(0.5 + level / 2, n - 1) * samples.std(ddof=1) / math.sqrt(n))
    return Interval(mean, mean - half, mean + half)


def proportion_interval(successes: float | np.number, trials: int | np.integer, level: float = 0.95) -> Interval:
    """Wilson score interval for a proportion."""
    from scipy import stats

    ci = stats.binomtest(int(successes), int(trials)).proportion_ci(level, method="wilson")
    return Interval(successes / trials, float(ci.low), float(ci.high))


KINDS = ("paper", "reference", "derived", "sanity", "speed")


@dataclasses.dataclass(frozen=True)
class Claim:
    """One checkable statement.

    Attributes:
      text: the statement, in plain words.
      paper: what the paper reports (number or ordering, in the unit of the measure) and where.
      measure: `(data, config)` -> Interval, our number (see `measures`); `Absent` says that the claim does not apply.
      accepts: the region of values that agree with the paper.
      note: why it comes out as it does, or what a decision would take.
      applies: dataset -> whether the claim is about it at all.
      kind: `paper` (of the paper, on its own setting or a stand-in for it); else that of the constructor: `Claim.reference` (an
        independent program's number), `Claim.derived` (follows from a formula derived for this library), `Claim.sanity`, `Claim.speed`.
      unit: of the measure and of the paper's value.
      value: the paper's number, where it has one.
      reason: why the region is what it is; that of `accepts` where none is given.
      stand_in: the data are not the paper's; said in the claim's record and in the tally.
    """

    text: str
    paper: str
    measure: Callable[..., Interval]
    accepts: Region
    note: str = ""
    applies: Callable[[Any], bool] = lambda data: True
    kind: str = "paper"
    unit: str = ""
    value: float | None = None
    reason: str = ""
    stand_in: bool | Callable[[Any], bool] = False

    def __post_init__(self):
        """A study's own mistake shows when it is imported."""
        if self.kind not in KINDS:
            raise TypeError(f"claim '{self.text}': kind {self.kind} is none of {', '.join(KINDS)}")
        object.__setattr__(self, "reason", self.reason or self.accepts.reason)

    @classmethod
    def reference(cls, *args: Any, **keywords: Any) -> "Claim":
        """A claim that ours is an independent program's number."""
        return cls(*args, kind="reference", **keywords)

    @classmethod
    def derived(cls, *args: Any, **keywords: Any) -> "Claim":
        """A claim that follows from a formula derived for this library."""
        return cls(*args, kind="derived", **keywords)

    @classmethod
    def sanity(cls, *args: Any, **keywords: Any) -> "Claim":
        """A claim without which the others would say nothing."""
        return cls(*args, kind="sanity", **keywords)

    @classmethod
    def faster(cls, text: str, goal: float, measure: Callable[..., Interval], note: str = "") -> "Claim":
        """A claim that something is at least so many times faster, this project's own goal (1: faster at all)."""
        paper, reason = f"goal: {goal:g}" if goal > 1 else "goal: faster", "this project's goal"
        return cls.speed(text, paper, measure, at_least(goal), unit="times", reason=reason, note=note)

    @classmethod
    def speed(cls, *args: Any, **keywords: Any) -> "Claim":
        """A claim about time."""
        return cls(*args, kind="speed", **keywords)


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


def _measured(claim: Claim, data: Any, config: Any) -> Interval:
    """The claim's number; a measure of the data alone gets them alone."""
    wants = inspect.signature(claim.measure).parameters.values()
    needed = [p for p in wants if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) and p.default is p.empty]
    return claim.measure(data) if len(needed) == 1 else claim.measure(data, config)


def evaluate_claim(claim: Claim, data: Any, config: Any = None) -> dict[str, Any] | None:
    """The record stored in claims.json, or None where the claim does not apply to the data."""
    try:
        interval = Interval(*(float(x) for x in _measured(claim, data, config)))
    except Absent:
        return None
    record = {
        "claim": claim.text,
        "kind": claim.kind,
        "paper": claim.paper,
        "ours": _number(interval.value),
        "interval": [_number(interval.low), _number(interval.high)],
        "accepts": str(claim.accepts),
        "verdict": verdict(interval, claim.accepts),
        "unit": claim.unit,
    }
    if claim.value is not None:
        record["value"] = claim.value
    if claim.reason:
        record["reason"] = claim.reason
    if claim.stand_in(data) if callable(claim.stand_in) else claim.stand_in:
        record["stand_in"] = True
    return {**record, "note": claim.note} if claim.note else record
