"""Engines carry cells. Every engine gives the same files: it calls `attempt` on plain data and nothing else."""

import importlib
import json
import pathlib
import time
import traceback
from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from mtrl.harness import lanes
from mtrl.harness.run import cluster, compiled, devices, records, store
from mtrl.harness.run.cells import Cell, cell_config
from mtrl.harness.run.provenance import provenance
from mtrl.harness.study import Figure, Study
from mtrl.numerics.errors import BadInput


class Task(NamedTuple):
    """A cell and the folder of its figure, into whose `cells/` the file goes."""

    cell: Cell
    folder: pathlib.Path


class Outcome(NamedTuple):
    """What became of a task.

    Attributes:
      index: of the task in what the engine was given.
      reason: "" when the file is there, else one sentence.
      refused: the reason is the input's: no other engine or attempt would help.
      detail: the traceback of what was not foreseen.
    """

    index: int
    reason: str = ""
    refused: bool = False
    detail: str = ""


class Setting(NamedTuple):
    """How an engine works; nothing in it changes a byte of a result.

    Attributes:
      workers: processes at once; 0 is one per core (on a cluster: what it has).
      retries: how often a cell is tried again whose worker died.
      ray_address: of a cluster; "" starts Ray on this machine.
      say: called with one line when a worker dies.
    """

    workers: int = 0
    retries: int = 2
    ray_address: str = ""
    say: Callable[[str], None] = lambda line: None


Engine = Callable[[Sequence[Task], Setting], Generator[Outcome, None, None]]

_ADVICE = "look for values far outside the rest in the data, or for sizes and penalties that leave nothing to compute"
_STUDIES: dict[str, Study] = {}


def register(study: Study) -> None:
    """Make a study known to this process; workers of other engines import it by name instead."""
    _STUDIES[study.name] = study


def find_figure(cell: Cell) -> Figure:
    """The figure a cell belongs to."""
    if cell.study not in _STUDIES:
        register(importlib.import_module(cell.module).STUDY)
    return _STUDIES[cell.study].figure(cell.figure)


def cell_path(folder: pathlib.Path, cell: Cell) -> pathlib.Path:
    """Where a cell's file lies."""
    return records.cell_file(folder, cell.name)


def check_finite(data: Any, what: str, optional: tuple[str, ...] = ()) -> None:
    """Refuse a result that says nothing: an infinite value, or a variable over seeds that is NaN throughout.

    Single NaN stand for what does not exist (a method that was not run at some size) and pass, as do the `optional` variables.

    Raises:
      BadInput: names the variable.
    """
    for name, variable in data.data_vars.items():
        if variable.dtype.kind not in "fc" or not variable.size or name in optional:
            continue
        values = variable.values
        if np.isinf(values).any():
            raise BadInput(f"{what}: the result '{name}' overflows to infinity, so nothing is stored; {_ADVICE}")
        if "seed" in variable.dims and np.isnan(values).all():
            raise BadInput(f"{what}: the result '{name}' is NaN throughout, so nothing is stored; {_ADVICE}")


def compute(figure: Figure, config: Any, seeds: np.ndarray) -> Any:
    """The dataset of one cell, with the dimensions of the split fields."""
    with lanes.asked(getattr(config, "lanes", 0)):
        data = figure.run(config, seeds)
    for name, dim in figure.split.items() if isinstance(figure.split, Mapping) else ():
        if dim not in data.dims:
            data = data.expand_dims({dim: list(getattr(config, name))})
    return data


def run_cell(cell: Cell, folder: pathlib.Path) -> pathlib.Path:
    """Compute one cell and write its file atomically; a valid file is never computed again nor overwritten.

    The file holds what the cell decides and nothing else; when, where and how long stands beside it, in `<name>.json`.
    """
    path = cell_path(folder, cell)
    if store.is_valid(path):
        return path
    # A damaged file is replaced by the new one in a single step; deleting it here could delete what another process just finished.
    figure = find_figure(cell)
    cluster.announce(cluster.plain(cell))
    began, compiling = time.perf_counter(), compiled.seconds()
    data = compute(figure, cell_config(cell, figure), np.array(cell.seeds))
    check_finite(data, f"{cell.study}/{cell.figure}", figure.optional)
    took = time.perf_counter() - began
    store.write_json(
        records.cell_file(folder, cell.name, ".json"),
        {
            **provenance(),
            "source_digest": cell.source,
            "wall_time_seconds": took,
            "compile_seconds": compiled.seconds() - compiling,
        },
    )
    decided = {"study": cell.study, "figure": cell.figure, "config": cell.config, "source_digest": cell.source}
    store.write_dataset(path, data.assign_attrs(decided, seeds=json.dumps(cell.seeds)))
    return path


def compute_share(fields: dict[str, Any]) -> None:
    """Compute a cell that another process announced and will write: this process's share of its seeds."""
    cell = Cell(**{**fields, "seeds": tuple(fields["seeds"])})
    figure = find_figure(cell)
    compute(figure, cell_config(cell, figure), np.array(cell.seeds))


def attempt(index: int, task: Task) -> Outcome:
    """Run a cell; whatever goes wrong becomes one sentence, here and on record beside the cell."""
    cell, folder = task
    with records.running(folder, cell.name):
        outcome = _outcome(index, task)
    if outcome.reason:
        records.failed(folder, cell.name, outcome.reason, outcome.detail)
    else:
        records.forget(folder, cell.name)
    return outcome


def _outcome(index: int, task: Task) -> Outcome:
    try:
        if (here := devices.compiler_flags()) != task.cell.flags:
            raise BadInput(
                f"this worker compiles with '{here}', but its cells are named by '{task.cell.flags}'; "
                "start every node with the same XLA_FLAGS and JAX_NUM_CPU_DEVICES"
            )
        run_cell(*task)
    except cluster.Gone:
        raise
    except BadInput as error:
        return Outcome(index, str(error), refused=True)
    except Exception as error:
        words = (str(error).splitlines() or [""])[0]
        if isinstance(error, MemoryError) or "RESOURCE_EXHAUSTED" in words:
            advice = "lower the sizes, or --seed_batch so that fewer seeds run at once"
            return Outcome(index, f"{task.cell.study} ran out of memory; {advice}", refused=True)
        return Outcome(index, f"{type(error).__name__}: {words}", detail=traceback.format_exc())
    return Outcome(index)


def serial(tasks: Sequence[Task], setting: Setting) -> Generator[Outcome, None, None]:
    """One cell after the other, in this process; those that another process is computing come last and are likely done by then.

    So several processes given the same command (the jobs of an array, say) share the work.
    """
    later = []
    for index, (cell, folder) in enumerate(tasks):
        if records.elsewhere(folder, cell.name):
            later.append(index)
        else:
            yield attempt(index, tasks[index])
    for index in later:
        yield attempt(index, tasks[index])


def _later(module: str) -> Engine:
    """An engine whose module is loaded when it is chosen."""

    def carry(tasks: Sequence[Task], setting: Setting) -> Generator[Outcome, None, None]:
        yield from importlib.import_module(f"mtrl.harness.run.{module}").carry(tasks, setting)

    return carry


ENGINES: dict[str, Engine] = {"serial": serial, "processes": _later("processes"), "ray": _later("on_ray")}
