"""Engines carry cells. Every engine gives the same files: it calls `run_cell` on plain data and nothing else."""

import importlib
import json
import pathlib
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from mtrl.harness.run import cluster, store
from mtrl.harness.run.cells import Cell, cell_config
from mtrl.harness.run.provenance import provenance
from mtrl.harness.study import Figure, Study
from mtrl.numerics.errors import BadInput

Engine = Callable[[Iterable[Cell], pathlib.Path], Iterator[pathlib.Path]]

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
    return folder / "cells" / f"{cell.name}.nc"


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


def run_cell(cell: Cell, folder: pathlib.Path) -> pathlib.Path:
    """Compute one cell and write its file atomically; a valid file is never computed again nor overwritten."""
    path = cell_path(folder, cell)
    if store.is_valid(path, say=True):
        return path
    # A damaged file is replaced by the new one in a single step; deleting it here could delete what another process just finished.
    figure = find_figure(cell)
    cluster.announce(cluster.plain(cell))
    began = time.perf_counter()
    data = figure.compute(cell_config(cell, figure), np.array(cell.seeds))
    check_finite(data, f"{cell.study}/{cell.figure}", figure.optional)
    data = data.assign_attrs(
        study=cell.study,
        figure=cell.figure,
        config=cell.config,
        seeds=json.dumps(cell.seeds),
        source_digest=cell.source,
        wall_time_seconds=time.perf_counter() - began,
        **provenance(),
    )
    store.write_dataset(path, data)
    return path


def compute_share(fields: dict[str, Any]) -> None:
    """Compute a cell that another process announced and will write: this process's share of its seeds."""
    cell = Cell(**{**fields, "seeds": tuple(fields["seeds"])})
    figure = find_figure(cell)
    figure.compute(cell_config(cell, figure), np.array(cell.seeds))


def serial(cells: Iterable[Cell], folder: pathlib.Path) -> Iterator[pathlib.Path]:
    """One cell after the other, in this process."""
    for cell in cells:
        yield run_cell(cell, folder)


ENGINES: dict[str, Engine] = {"serial": serial}
