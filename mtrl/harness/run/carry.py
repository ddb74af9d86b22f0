"""All cells of a command through one engine: the figures are drawn as their last cell arrives, and what fails does not stop the rest."""

import contextlib
import dataclasses
import json
import pathlib
import sys
import traceback
from collections.abc import Callable, Generator
from typing import Any

from mtrl.harness.run import engine, produce, progress, records, store
from mtrl.harness.run.cells import Cell
from mtrl.harness.run.engine import Outcome, Setting, Task
from mtrl.harness.run.produce import Job
from mtrl.numerics.errors import BadInput

Results = list[tuple[Job, list[dict[str, Any]]]]


class Failed(Exception):
    """A figure that was not made: its message is one sentence; the traceback, if any, is a note."""


class Incomplete(Exception):
    """Some figures were made and others not.

    Attributes:
      results: (job, claim records) of those that were made.
      failures: (job, error) of the others.
    """

    def __init__(self, results: Results, failures: list[tuple[Job, Exception]]):
        super().__init__(summary(failures))
        self.results, self.failures = results, failures
        for _, error in failures:
            for note in getattr(error, "__notes__", ()):
                self.add_note(note)


def summary(failures: list[tuple[Job, Exception]]) -> str:
    """One line per figure, or point of a sweep, that was not made."""
    return "\n".join(f"{named(job)} was not made: {error}" for job, error in failures)


def named(job: Job) -> str:
    """Study, figure and point."""
    return f"{job.study.name}/{job.figure.name}{f' {job.point}' if job.point else ''}"


@dataclasses.dataclass
class _Progress:
    """Of one job."""

    job: Job
    cells: list[Cell]
    left: int
    taken: bool = False
    lost: list[tuple[Cell, Outcome]] = dataclasses.field(default_factory=list)

    def error(self) -> Exception:
        """Why the job's figure cannot be made."""
        reasons = list(dict.fromkeys(outcome.reason for _, outcome in self.lost))
        more = f" (and {len(reasons) - 1} other reasons)" if len(reasons) > 1 else ""
        if all(outcome.refused for _, outcome in self.lost) and len(self.lost) == len(self.cells):
            return BadInput(f"{reasons[0]}{more}")
        cells = f"{len(self.lost)} of {len(self.cells)} cells" if len(self.cells) > 1 else "its cell"
        error = Failed(f"{cells} failed, {self.lost[0][0].name} with: {reasons[0]}{more}")
        for detail in list(dict.fromkeys(outcome.detail for _, outcome in self.lost))[:3]:
            error.add_note(detail)
        return error


def make_all(
    jobs: list[Job],
    *,
    overwrite: bool = False,
    engine_name: str = "serial",
    setting: Setting | None = None,
    what: str = "",
    after_each: Callable[[Job], None] | None = None,
    failures: list[tuple[Job, Exception]] | None = None,
) -> Results:
    """Make every job's six files; all folders are checked before the first cell runs.

    Args:
      jobs: what to make, in order.
      overwrite: replace results of other configurations.
      engine_name: which engine carries the cells.
      setting: of the engine.
      what: label of the progress bar.
      after_each: called with each job that is done.
      failures: when given, jobs that fail are noted here; else they are raised at the end.

    Returns:
      (job, claim records) of the jobs that are done, in order.

    Raises:
      BadInput: nothing came out and every cell was refused; then nothing is left behind either.
      Incomplete: some jobs failed; the others are done.
    """
    for job in jobs:
        engine.register(job.study)
        produce.prepare(job, overwrite)
    all_cells = [job.cells() for job in jobs]
    before = {
        place: place.exists() for job in jobs for place in (job.folder / "cells", *job.folder.parents, job.folder)
    }
    plans = [_plan(job, cells) for job, cells in zip(jobs, all_cells, strict=True)]
    states = [_Progress(job, cells, len(cells)) for job, cells in zip(jobs, all_cells, strict=True)]
    results: dict[int, list[dict[str, Any]]] = {}
    errors: dict[int, Exception] = {}
    with progress.bar(sum(map(len, all_cells)), what or (jobs[0].study.name if jobs else "nothing")) as bar:
        setting = (setting or Setting())._replace(say=lambda line: bar.write(line, file=sys.stderr))
        outcomes = _outcomes(states, engine.ENGINES[engine_name], setting)
        with contextlib.closing(outcomes):
            for number, cell, outcome in outcomes:
                state = states[number]
                bar.update()
                bar.set_postfix_str(state.job.figure.name)
                state.left -= 1
                try:
                    if outcome.reason:
                        state.lost.append((cell, outcome))
                    elif not state.taken and number not in errors:
                        produce.claim(state.job, overwrite)
                        state.taken = True
                    if state.left == 0 and number not in errors:
                        if state.lost:
                            raise state.error()
                        produce.finish(state.job, state.cells)
                        results[number] = produce.render(state.job)
                        if after_each is not None:
                            after_each(state.job)
                except Exception as error:
                    errors.setdefault(number, _sentence(error))
    ours = [(jobs[number], error) for number, error in sorted(errors.items())]
    made = [(jobs[number], found) for number, found in sorted(results.items())]
    if failures is not None:
        failures += ours
    elif ours:
        if not any(state.taken for state in states) and all(isinstance(error, BadInput) for _, error in ours):
            _leave_nothing(states, plans, before)
            raise BadInput("; ".join(dict.fromkeys(str(error) for _, error in ours)))
        raise Incomplete(made, ours)
    return made


def _sentence(error: Exception) -> Exception:
    """The error as one sentence; what was not foreseen keeps its traceback as a note."""
    if isinstance(error, BadInput | Failed):
        return error
    if isinstance(error, MemoryError):
        return BadInput("out of memory; lower the sizes, or --seed_batch so that fewer seeds run at once")
    new = Failed(f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}")
    new.add_note("".join(traceback.format_exception(error)))
    return new


def _outcomes(
    states: list[_Progress], carry: engine.Engine, setting: Setting
) -> Generator[tuple[int, Cell, Outcome], None, None]:
    """(number of the job, cell, outcome) of every cell: first of those whose files are there, so that no engine starts in vain."""
    waiting = []
    for number, state in enumerate(states):
        for cell in state.cells:
            if store.is_valid(engine.cell_path(state.job.folder, cell), say=True):
                yield number, cell, Outcome(0)
            else:
                waiting.append((number, Task(cell, state.job.folder)))
    if waiting:
        with contextlib.closing(carry([task for _, task in waiting], setting)) as outcomes:
            for outcome in outcomes:
                number, task = waiting[outcome.index]
                yield number, task.cell, outcome


def _plan(job: Job, cells: list[Cell]) -> tuple[pathlib.Path, bytes | None]:
    """Put on record what is to be done; returns the place and what was there before."""
    path = job.folder / "cells" / records.PLAN
    before = path.read_bytes() if path.is_file() else None
    split = job.figure.split
    labels = {}
    for cell in cells:
        values = json.loads(cell.config)
        words = [f"{name}={values[name][0]}" for name in split]
        labels[cell.name] = ", ".join([*words, f"seeds {cell.seeds[0]}..{cell.seeds[-1]}"])
    names = {"study": job.study.name, "figure": job.figure.name, "point": job.point}
    store.write_json(path, {**names, "cells": labels})
    return path, before


def _leave_nothing(
    states: list[_Progress], plans: list[tuple[pathlib.Path, bytes | None]], before: dict[pathlib.Path, bool]
) -> None:
    """Take back the records of a command that was refused as a whole."""
    for state in states:
        for cell in state.cells:
            records.forget(state.job.folder, cell.name)
    for path, content in plans:
        with contextlib.suppress(OSError, BadInput):
            path.unlink() if content is None else store.write_bytes(path, content)
    for place in sorted((place for place, there in before.items() if not there), key=lambda place: -len(place.parts)):
        with contextlib.suppress(OSError):
            place.rmdir()
