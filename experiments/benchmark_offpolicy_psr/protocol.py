"""What the figures share: seconds of methods timed in turn, their bars, and the forms of their claims."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from mtrl.harness import Claim, between
from mtrl.harness.judge.measures import Measure, exact, times_faster, value
from mtrl.harness.picture import plots


def times(slow: str, fast: str, what: str = "", peer: str = "") -> Measure:
    """Seconds of a method over those of another."""
    return times_faster(value("seconds", method=slow), value("seconds", method=fast), what, peer)


def same(
    text: str, paper: str, names: tuple[str, ...], reference: str, bound: float, reason: str, *, dim: str = "method"
) -> Claim:
    """Claim: all methods give what a reference gives, the largest relative deviation over several variables."""

    def largest(array: Any) -> Any:
        at = array.sel({dim: reference}, drop=True)
        return abs(array - at).max(skipna=False) / abs(at).max(skipna=False)

    def measure(data, config):
        found = [exact(value(name).then(largest))(data, config) for name in names]
        return max(found, key=lambda one: np.inf if np.isnan(one.value) else one.value)

    return Claim.sanity(text, paper, measure, between(0.0, bound), unit="relative", reason=reason)


def bars(
    ax: Any, data: Any, config: Any, look: Mapping[str, plots.Look], fast: Mapping[str, str], **words: Any
) -> None:
    """Seconds per method with their interval; above, the seconds and how many times those of the method they are compared with."""
    array = data["seconds"].rename(repeat="seed")
    plots.bars(ax, array, "method", look, upright=True)
    for place, name in enumerate(look):
        rounds = array.sel({"method": name})
        text = f"{float(rounds.mean()):.3g} s"
        if name in fast:
            ratio = times(name, fast[name])(data, config).value
            text += f"\n{ratio:.2g}x" if ratio < 10 else f"\n{ratio:,.0f}x"
        ax.text(place, 1.3 * float(rounds.max()), text, ha="center", fontsize=8.5)
    ax.tick_params(axis="x", labelsize=7)
    plots.finish(ax, log="y", ylim=(None, 8 * float(array.max())), **words)
