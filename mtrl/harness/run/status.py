"""How far a run is, without computing anything: before it starts (`--dry_run`), and while it runs (`sweep-status`)."""

import pathlib
import time
from collections import Counter
from collections.abc import Sequence

from mtrl.harness.run import engine, produce, records, store
from mtrl.harness.run.produce import Job
from mtrl.numerics.errors import BadInput

Row = tuple[str, ...]


def _aligned(rows: Sequence[Row]) -> list[str]:
    """Columns: the first two to the left, numbers to the right."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    sides = [str.ljust, str.ljust] + [str.rjust] * (len(widths) - 2)
    lines = [
        "  ".join(side(cell, n) for side, cell, n in zip(sides, row, widths, strict=True)).rstrip() for row in rows
    ]
    return [lines[0], "-" * len(lines[0]), *lines[1:]]


def duration(seconds: float) -> str:
    """In the unit that suits."""
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.1f} s"


def dry_run(jobs: list[Job], overwrite: bool, workers: int = 1) -> str:
    """What a command would do: its cells, which are done, and what the others may cost, as finished cells took. Writes nothing.

    Args:
      jobs: of the command.
      overwrite: whether results of another configuration may be replaced.
      workers: processes at once.

    Raises:
      BadInput: the command would be refused.
    """
    rows, taken, left = [("figure", "point", "cells", "done", "to do", "estimated")], {}, []
    for job in jobs:
        produce.check_folder(job, overwrite)
        cells = job.cells()
        paths = [engine.cell_path(job.folder, cell) for cell in cells]
        done = [path for path in paths if store.is_valid(path)]
        took = [records.read(path.with_suffix(".json")).get("wall_time_seconds") for path in done]
        taken.setdefault(job.figure.name, []).extend(seconds for seconds in took if seconds is not None)
        left.append((job, len(cells), len(cells) - len(done), [seconds for seconds in took if seconds is not None]))
    known, unknown, total = 0, 0, 0.0
    for job, cells, missing, own in left:
        basis = own or taken[job.figure.name]  # of the same point, else of the same figure
        cost = missing * sum(basis) / len(basis) if basis else None
        known, unknown = known + (missing if basis else 0), unknown + (0 if basis else missing)
        total += cost or 0.0
        words = "unknown" if cost is None and missing else duration(cost or 0.0) if missing else "-"
        rows.append((job.figure.name, job.point, str(cells), str(cells - missing), str(missing), words))
    cells, missing = sum(count for _, count, _, _ in left), known + unknown
    cost = f"about {duration(total / workers)}" if known else "unknown"
    cost += f" for {known} of them, unknown for {unknown}" if known and unknown else ""
    cost += f" with {workers} workers" if known and workers > 1 else ""
    end = f"estimated cost of the rest: {cost}" if missing else "nothing is left but drawing"
    return "\n".join([*_aligned(rows), f"{cells} cells, {cells - missing} done, {missing} to do; {end}"])


def _state(folder: pathlib.Path, name: str) -> tuple[str, str]:
    """(state, reason) of a cell."""
    path = records.cell_file(folder, name)
    if path.is_file():
        return ("done", "") if store.is_valid(path) else ("missing", "its file is damaged")
    now, failed = (records.read(records.cell_file(folder, name, suffix)) for suffix in records.RECORDS)
    if now:
        where = f"process {now.get('pid')} on {now.get('host')}"
        since = duration(max(time.time() - float(now.get("started", time.time())), 0.0))
        return ("running", f"{where}, for {since}") if records.is_alive(now) else ("stopped", f"{where} is gone")
    return ("failed", str(failed.get("reason", ""))) if failed else ("missing", "")


STATES = ("done", "running", "stopped", "failed", "missing")


def status(out: pathlib.Path) -> str:
    """Done, running, stopped, failed and missing cells of every figure and point below a folder, with reasons.

    A cell of which nothing is known is missing; one whose process is gone has stopped, and the same command computes it.

    Raises:
      BadInput: no run has left its plan there.
    """
    plans = [(path, plan) for path in sorted(out.rglob(f"cells/{records.PLAN}")) if (plan := records.read(path))]
    if not plans:
        raise BadInput(f"{out} holds no run of this project; give the folder that the run got with --out")
    rows: list[Row] = [("figure", "point", *STATES)]
    reasons, total = [], Counter[str]()
    for path, plan in plans:
        folder, cells = path.parents[1], plan.get("cells", {})
        figure, counts = f"{plan.get('study')}/{plan.get('figure')}", Counter[str]()
        for name, label in cells.items():
            state, reason = _state(folder, name)
            counts[state] += 1
            if reason:
                reasons.append(
                    f"{state}: {figure} {plan.get('point', '')} {name} ({label}): {reason}".replace("  ", " ")
                )
        rows.append((figure, str(plan.get("point", "")), *(str(counts[state]) for state in STATES)))
        total += counts
    words = ", ".join(f"{total[state]} {state}" for state in STATES if total[state])
    return "\n".join([*_aligned(rows), *sorted(reasons), f"{total.total()} cells: {words}"])
