"""The one table of speeds, every timed comparison of the gallery as a row from its stored data, and where the figures' time goes."""

from typing import Any, NamedTuple

import numpy as np

from mtrl.harness.gallery.entries import Entry
from mtrl.harness.judge.claims import Absent, Claim, Interval, verdict
from mtrl.harness.judge.limits import BOUNDS
from mtrl.harness.judge.measures import Faster
from mtrl.harness.run import store
from mtrl.harness.study import Figure, Study

UNITS = {"s": 1.0, "ms": 1e-3, "us": 1e-6}


class Limit(NamedTuple):
    """How near our side is to what the machine can do.

    Attributes:
      share: the least time in which the machine could do the work over ours; None where that was not counted.
      binds: what takes that time, "arithmetic" or "memory"; or why it was not counted.
    """

    share: float | None
    binds: str


class Row(NamedTuple):
    """One comparison at one size.

    Attributes:
      entry: the figure it belongs to.
      what, size: what is timed, and how large it is.
      ours, theirs: s; geometric means over the timed rounds.
      peer: what the other side is.
      ratio: theirs over ours with its interval, paired within the rounds.
      goal: the least ratio asked for.
      verdict: of the ratio at this size.
      why: the claim's note: reasons, and the limit where there is one.
      limit: the share of the machine's limit that ours reaches.
    """

    entry: Entry
    what: str
    size: str
    ours: float
    peer: str
    theirs: float
    ratio: Interval
    goal: float
    verdict: str
    why: str
    limit: Limit

    @property
    def slower(self) -> bool:
        """Whether the other side is faster."""
        return not self.ratio.value >= 1


class Gap(NamedTuple):
    """A comparison that is not in the data: the figure, what is timed, the absent side."""

    entry: Entry
    what: str
    peer: str


class Spent(NamedTuple):
    """Where the time of a figure went: wall time of its cells and, of it, lowering and compiling, s; None where that was not recorded."""

    entry: Entry
    wall: float
    compiling: float | None

    @property
    def share(self) -> float | None:
        """Of the wall time."""
        return None if self.compiling is None else self.compiling / self.wall


def comparisons(figure: Figure) -> list[tuple[Claim, Faster]]:
    """The claims of a figure that compare two sides' times and name both."""
    pairs = [(claim, claim.measure) for claim in figure.claims]
    return [(claim, measure) for claim, measure in pairs if isinstance(measure, Faster) and measure.peer]


def table(found: list[Entry]) -> tuple[list[Row], list[Gap]]:
    """Rows of all figures that time something, by today's claims from their stored data, and what these data lack."""
    rows, gaps = [], []
    for entry in found:
        pairs = comparisons(entry.figure)
        data = store.read_dataset(entry.folder / "data.nc") if pairs and (entry.folder / "data.nc").is_file() else None
        for claim, measure in pairs:
            try:
                rows += _rows(entry, claim, measure, data)
            except Absent:
                gaps.append(Gap(entry, measure.what, measure.peer))
    return rows, gaps


def unpublished(studies: list[Study], found: list[Entry]) -> dict[str, list[str]]:
    """`<study>/<figure>` -> its peers, of the figures that compare times and are not in the gallery."""
    there = {(entry.study.name, entry.figure.name) for entry in found}
    absent = [(s, figure) for s in studies for figure in s.figures if (s.name, figure.name) not in there]
    named = {f"{s.name}/{figure.name}": sorted({m.peer for _, m in comparisons(figure)}) for s, figure in absent}
    return {name: peers for name, peers in named.items() if peers}


def _rows(entry: Entry, claim: Claim, measure: Faster, data: Any) -> list[Row]:
    if data is None:
        raise Absent("no data are kept")
    rows, second = [], UNITS[measure.slow(data, entry.config).attrs.get("units", "s")]
    least = _least(measure, data, entry.config)
    for side in measure.sides(data, entry.config):
        size = entry.figure.size(entry.config, side.labels) if entry.figure.size else ""
        judged = verdict(side.ratio, claim.accepts)
        sides = measure.what, size, side.fast * second, measure.peer, side.slow * second
        limit = _limit(least, side.labels, side.fast)
        rows.append(Row(entry, *sides, side.ratio, claim.accepts.low, judged, claim.note, limit))
    return rows


def _least(measure: Faster, data: Any, config: Any) -> list[Any]:
    """What our side would take at the machine's limit, in the unit of its times: by arithmetic, by memory; empty where nothing is stored.

    A variable's `<name>_least` is read the way the measure reads the variable.
    """
    counted = [name for name in data.data_vars if f"{name}_least" in data]
    stand_in = [{name: data[f"{name}_least"].sel(limited_by=bound, drop=True) for name in counted} for bound in BOUNDS]
    return [measure.fast(data.assign(these), config) for these in stand_in] if counted else []


def _limit(least: list[Any], labels: dict[str, Any], ours: float) -> Limit:
    """The larger of both over our time."""
    both = np.array([float(array.sel(labels)) for array in least])
    if not both.size:
        return Limit(None, "not counted: the run that is published kept none")
    if np.isnan(both).any():
        return Limit(None, "not counted: it is not one of the harness's programs")
    return Limit(float(both.max() / ours), BOUNDS[int(both.argmax())])


def grouped(rows: list[Row]) -> list[tuple[Entry, list[list[Row]]]]:
    """Figure by figure, its rows comparison by comparison."""
    found: dict[str, tuple[Entry, dict[tuple, list[Row]]]] = {}
    for row in rows:
        _, those = found.setdefault(str(row.entry.folder), (row.entry, {}))
        those.setdefault((row.what, row.peer, row.goal), []).append(row)
    return [(entry, list(those.values())) for entry, those in found.values()]


def runs(rows: list[Row]) -> dict[str, list[str]]:
    """Commits, devices and versions that the rows were timed with; one of each where all are of one run."""
    records = [row.entry.run for row in rows]
    most = {"git_commit": 9, "device": None, "versions": None}  # letters
    return {
        name: sorted({record[name][:letters] if name in record else "not recorded" for record in records})
        for name, letters in most.items()
    }


def spent(found: list[Entry]) -> list[Spent]:
    """Every figure whose run kept its time, the longest first."""
    kept = [Spent(entry, entry.seconds, entry.run.get("compile_seconds")) for entry in found if entry.seconds]
    return sorted(kept, key=lambda row: -row.wall)


def times(ratio: float) -> str:
    """A ratio in three digits, thousands in full."""
    return f"{ratio:.3g}" if ratio < 1000 else f"{ratio:,.0f}"


def percent(share: float) -> str:
    """A share in two digits."""
    return f"{100 * share:.2g}" if share < 0.995 else f"{100 * share:.0f}"


def duration(seconds: float) -> str:
    """In the unit in which it is at least one, three digits."""
    unit = next(
        ((words, size) for words, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)) if seconds >= size), ("ns", 1e-9)
    )
    return f"{seconds / unit[1]:.3g} {unit[0]}"
