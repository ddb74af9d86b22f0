"""What every worker does, whichever engine started it: the settings of the driver before JAX is imported, then cells."""

import os
import pickle
import sys
from collections.abc import Sequence
from typing import NamedTuple

from mtrl.harness.run import devices, engine, records, store
from mtrl.harness.run.engine import Outcome, Setting, Task
from mtrl.numerics.errors import BadInput

MOST_PROGRAMS = 300  # compiled programs after which a worker drops them: thousands exhaust the system's memory maps


def cores() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Surroundings(NamedTuple):
    """What a worker takes over from the driver.

    Attributes:
      path: where Python looks for modules.
      environment: variables that decide bits or speed.
      x64: precision.
      plain: no accelerator is meant for this worker, so JAX is told not to look for one, unless the user says otherwise.
    """

    path: list[str]
    environment: dict[str, str]
    x64: bool
    plain: bool


def surroundings(x64: bool, plain: bool) -> Surroundings:
    """Of this process, for its workers."""
    ours = {name: value for name, value in os.environ.items() if name.startswith(("JAX_", "XLA_"))}
    path = [os.path.abspath(place) for place in sys.path]
    return Surroundings(path, ours, x64, plain)


def enter(around: Surroundings) -> None:
    """Make this process one of the driver's workers; nothing has imported JAX yet.

    Raises:
      BadInput: the platform that the environment asks for is not there.
    """
    sys.path += [place for place in around.path if place not in sys.path]
    os.environ.pop("XLA_FLAGS", None)
    os.environ.update(around.environment)
    if around.plain:
        os.environ.setdefault("JAX_PLATFORMS", "cpu")
    devices.start(around.x64)


def work(index: int, task: Task) -> Outcome:
    """One cell in a worker."""
    from mtrl.harness import driver

    outcome = engine.attempt(index, task)
    if driver.compilations() > MOST_PROGRAMS:
        driver.forget_programs()
    return outcome


_entered = False


def entered_work(message: bytes) -> bytes:
    """`enter` at the first call and `work` at every: bytes in, bytes out, for engines whose workers know nothing of this project."""
    global _entered
    around, index, task = pickle.loads(message)
    try:
        if not _entered:
            enter(around)
            _entered = True
    except BadInput as error:
        return pickle.dumps(Outcome(index, str(error), refused=True))
    return pickle.dumps(work(index, task))


class Losses:
    """Cells whose worker died: tried again so many times, then given up."""

    def __init__(self, tasks: Sequence[Task], setting: Setting):
        self._tasks, self._setting = tasks, setting
        self._died = [0] * len(tasks)

    def again(self, index: int, how: str) -> Outcome | None:
        """None if the cell is to be tried again, else what became of it."""
        cell, folder = self._tasks[index]
        self._died[index] += 1
        times, retries = self._died[index], self._setting.retries
        what = f"the worker of cell {cell.name} of {cell.study}/{cell.figure} died ({how})"
        if times <= retries:
            records.forget(folder, cell.name, ".running")
            self._setting.say(f"{what}; the cell is tried again ({times} of {retries})")
            return None
        reason = f"its worker died, at {times} attempts ({how}); memory may be short: lower --workers or --seed_batch"
        records.forget(folder, cell.name, ".running")
        records.failed(folder, cell.name, reason)
        return Outcome(index, reason)


def checked(outcome: Outcome, task: Task) -> Outcome:
    """The outcome, after a look whether the file that a worker wrote is here and whole."""
    path = engine.cell_path(task.folder, task.cell)
    if outcome.reason or store.is_valid(path):
        return outcome
    advice = "--out must lie on a file system that all nodes share"
    return Outcome(outcome.index, f"a worker wrote {path}, which is not there or not whole on this machine; {advice}")
