"""What the figures share: arms to design for, our designs, and seconds as bars with claims of how many times faster."""

import functools
from collections.abc import Callable, Mapping

import numpy as np

from mtrl.harness import Claim, at_least, evaluate
from mtrl.harness.judge.measures import times_faster, value
from mtrl.harness.picture import plots, style

DESIGNS = ("G", "E", "XY")
OURS = "this project"


def arms_and_differences(arms: int, dim: int, items: int) -> tuple[np.ndarray, np.ndarray]:
    """Gaussian arms whose coordinates shrink to a third, the longest of length one; and the differences of `items` more.

    The items may not be measured (transductive): those of a few arms would be known best by pulling these alone.
    """
    X = np.random.default_rng(0).normal(size=(arms + items, dim)) * np.geomspace(1, 1 / 3, dim)
    X /= np.linalg.norm(X, axis=1).max()
    left, right = np.triu_indices(items, 1)
    return X[:arms], (X[arms:][left] - X[arms:][right])


def answer(*arrays, design: Callable, **options):
    """Weights, value and bound of one of the library's designs."""
    found = design(*arrays, **options)
    return found.weights, found.value, found.bound


def ours(*arrays, design: Callable, **options) -> Callable:
    """A callable: the answer of one of the library's designs, compiled."""
    return functools.partial(evaluate, answer, *arrays, design=design, **options)


def times(slow: str, fast: str, what: str, peer: str, **where):
    """Seconds of a method over those of another, with words for the table of speeds."""
    return times_faster(value("seconds", method=slow, **where), value("seconds", method=fast, **where), what, peer)


def faster(text: str, goal: float, measure: Callable, note: str = "") -> Claim:
    """Claim: at least that many times faster."""
    region, reason = at_least(goal), "this project's goal"
    return Claim.speed(text, f"goal: {goal:g}", measure, region, unit="times", reason=reason, note=note)


def bars(ax, seconds, look: Mapping[str, plots.Look], fast: str, **words) -> None:
    """Seconds (method, repeat) as bars with their interval; above, the seconds and how many times those of `fast`."""
    array = seconds.rename(repeat="seed")
    names = [name for name in look if name in array["method"].values]
    plots.bars(ax, array.sel({"method": names}), "method", {name: look[name] for name in names}, upright=True)
    tops = []
    for place, name in enumerate(names):
        rounds = array.sel({"method": name})
        ratio = float(np.exp(np.log(rounds / array.sel({"method": fast})).mean()))
        text = f"{float(rounds.mean()):.3g} s" + ("" if name == fast else f"\n{ratio:,.3g}x")
        tops.append(float(rounds.mean()) + float(style.half_width(rounds.values)))
        ax.text(place, 1.2 * tops[-1], text, ha="center", fontsize=8.5)
    ax.tick_params(axis="x", labelsize=7.5)
    plots.finish(ax, log="y", ylim=(0.3 * float(array.mean("seed").min()), 6 * max(tops)), **words)
