"""What the figures share: looks of the methods, ratios of mean errors, single seeds, decimal axes."""

from typing import TYPE_CHECKING, Any

import numpy as np

from mtrl._later import Later
from mtrl.harness.judge.measures import Measure, Quantity, bootstrap
from mtrl.harness.picture import plots

if TYPE_CHECKING:
    from mtrl.representation import convex, subspace
else:
    convex, subspace = Later("mtrl.representation.convex"), Later("mtrl.representation.subspace")

METHODS = ("LF-MoM", "LF-FO")
LEARNERS = ("meta-LR-MoM", "meta-LR-FO", "LR")
SUBSPACES = plots.looks(
    {
        "LF-MoM": "moments: LF-MoM, meta-LR-MoM",
        "LF-FO": "first order: LF-FO, meta-LR-FO",
        "LR": "plain least squares: LR",
    }
)
LOOK = {
    **SUBSPACES,
    "meta-LR-MoM": SUBSPACES["LF-MoM"],
    "meta-LR-FO": SUBSPACES["LF-FO"],
    **plots.looks(("MoM", "AltMin", "AltMinGD", "FO")),
    **plots.looks(("FedRep", "FedSGD", "Local", "GD-GD", "10GD-GD")),
}
SINE = ("1", "sin of largest angle, learned against true")
PARAMETER = ("l2 norm of a parameter", r"$\|\hat\theta_0-\theta_0\|_2$")


def quiet(look: plots.Look) -> plots.Look:
    """The look without an entry in the legend."""
    return look._replace(words="")


def ratio_of_means(lower: Quantity, upper: Quantity) -> Measure:
    """log10 of the ratio of the seed means, at the worst of what is left of the dimensions (chosen in every resample).

    Means of logarithms would hide the seeds in which a learner fails.
    """
    return bootstrap(lambda a, b: np.max(np.log10(a / b)), lower, upper)


def means_and_seeds(ax: Any, array: Any, x: str, by: str, look: Any) -> None:
    """Means with their 95 % interval, and every seed as a dot: errors spread over orders of magnitude."""
    plots.points(ax, array, x, by, look, spread=0.06)
    for i, name in enumerate(array[by].values):
        part = array.isel({by: i}).transpose(x, "seed")
        at = part[x].values * 1.06 ** (i - array.sizes[by] / 2)
        ax.plot(at, part.values, ".", ms=3, alpha=0.45, color=look[name].color, zorder=1)


def decimal_axis(ax: Any) -> None:
    """A logarithmic y axis labelled in decimals, densely where it spans less than a decade."""
    from matplotlib import ticker

    ax.set_yscale("log")
    low, high = ax.get_ylim()
    ax.yaxis.set_major_locator(ticker.LogLocator(subs=(1, 2, 5) if high > 8 * low else range(1, 10)))
    ax.yaxis.set_major_formatter(ticker.FuncFormatter(lambda value, _: f"{value:g}"))
    ax.yaxis.set_minor_formatter(ticker.NullFormatter())
