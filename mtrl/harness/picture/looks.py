"""How methods appear, the same in every figure of a study, and tables that stand beside pictures."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from mtrl.harness.picture import style


class Look(NamedTuple):
    """How one method appears."""

    words: str
    color: str
    marker: str = "o"
    line: str = "-"


class Table(NamedTuple):
    """Numbers that are read rather than seen: a page shows them as a table, a picture does not.

    Attributes:
      caption: one line, with the unit and what an interval is.
      columns: heads, that of the row names first.
      rows: each a name and cells; a cell is text, a number, or (mean, half of its 95 % interval).
    """

    caption: str
    columns: list[str]
    rows: list[list[Any]]


def looks(words: Mapping[Any, str] | Iterable[str]) -> dict[Any, Look]:
    """A look per label, in the order of the palette; labels are their own words where none are given."""
    named = dict(words) if isinstance(words, Mapping) else {label: str(label) for label in words}
    n = len(style.COLORS)
    return {
        label: Look(text, style.COLORS[i % n], style.MARKERS[i % n], "-" if i < n else "--")
        for i, (label, text) in enumerate(named.items())
    }


def with_ends(array: Any, x: str, by: str, look: Mapping[Any, Look]) -> tuple[Any, dict[Any, Look]]:
    """Curves in the order of their last values, highest first, which their looks name: curves that coincide are told apart.

    Args:
      array: dims x, `by` and the seed.
      x: along the axis; the last of it counts.
      by: a curve per label; labels without a look are left out.
      look: label -> `Look`.
    """
    last = array.isel({x: -1})
    ends = {label: float(last.sel({by: label}).mean()) for label in array[by].values if label in look}
    order = sorted(ends, key=lambda label: -ends[label])
    return array.sel({by: order}), {n: look[n]._replace(words=f"{look[n].words}: {ends[n]:.3g}") for n in order}
