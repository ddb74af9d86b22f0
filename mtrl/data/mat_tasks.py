"""MATLAB .mat files with one cell per task: School (`school_b.mat`) and SARCOS (`sarcos_inv.mat`) of the MTL
literature.

Two layouts: cell arrays `X{t}` (n_t, d) and `y{t}` (n_t,) or (n_t, 1), version 5 of the format; or one matrix whose
last columns are the responses of tasks which share their inputs (SARCOS: 44484 x 28, 21 inputs and 7 torques).
"""

import pathlib
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from mtrl.numerics.errors import BadInput


class Tasks(NamedTuple):
    """Regression tasks of unequal size, padded with zeros."""

    x: np.ndarray  # (task, sample, dim)
    y: np.ndarray  # (task, sample)
    mask: np.ndarray  # (task, sample), False on padding


def pad(xs: Sequence[ArrayLike], ys: Sequence[ArrayLike]) -> Tasks:
    """Stack tasks of unequal size: inputs (n_t, d) and responses (n_t,) of each."""
    xs, ys = ([np.asarray(part, float) for part in parts] for parts in (xs, ys))
    longest, dim = max(len(y) for y in ys), xs[0].shape[1]
    x, y = np.zeros((len(xs), longest, dim)), np.zeros((len(xs), longest))
    mask = np.zeros((len(xs), longest), bool)
    for t, (x_t, y_t) in enumerate(zip(xs, ys, strict=True)):
        x[t, : len(y_t)], y[t, : len(y_t)], mask[t, : len(y_t)] = x_t, y_t, True
    return Tasks(x, y, mask)


def _read(path: str) -> dict:
    from scipy.io import loadmat
    from scipy.io.matlab import MatReadError

    if not pathlib.Path(path).is_file():
        raise BadInput(f"no file {path}; give a MATLAB version 5 .mat file with task data")
    try:
        return loadmat(path)
    except (MatReadError, NotImplementedError, ValueError, OSError) as error:
        raise BadInput(f"{path} is not a MATLAB version 5 file ({error}); save it with '-v7' or older") from error


def load_cells(path: str, inputs: str = "X", responses: str = "y") -> Tasks:
    """One task per cell.

    Args:
      path: .mat file.
      inputs: variable with cells (n_t, d).
      responses: variable with cells (n_t,) or (n_t, 1).

    Raises:
      BadInput: no such file or variable, no cells, or cells that do not fit together.
    """
    content = _read(path)
    names = sorted(name for name in content if not name.startswith("__"))
    cells = []
    for name in (inputs, responses):
        if name not in content:
            raise BadInput(f"{path} has no variable '{name}'; it holds {', '.join(names) or 'nothing'}")
        if content[name].dtype != object:
            raise BadInput(f"variable '{name}' of {path} is not a cell array; give one cell per task")
        cells.append([np.asarray(cell, dtype=float) for cell in content[name].ravel()])
    xs, ys = cells[0], [y.reshape(-1) for y in cells[1]]
    if len(xs) != len(ys) or not xs:
        raise BadInput(
            f"{path} has {len(xs)} cells in '{inputs}' and {len(ys)} in '{responses}'; give one of each per task"
        )
    for t, (x, y) in enumerate(zip(xs, ys, strict=True)):
        if x.ndim != 2 or x.shape[1] != xs[0].shape[1] or len(x) != len(y):
            raise BadInput(
                f"task {t} of {path} has inputs {x.shape} and {len(y)} responses; every task needs (n_t, "
                f"{xs[0].shape[-1]}) inputs and n_t responses"
            )
        if not (np.isfinite(x).all() and np.isfinite(y).all()):
            raise BadInput(f"task {t} of {path} holds values that are not finite; remove those rows")
    return pad(xs, ys)


def load_shared(path: str, variable: str, outputs: int) -> Tasks:
    """One matrix, rows of inputs followed by `outputs` responses; every response is a task on the same inputs.

    Raises:
      BadInput: no such file or variable, or too few columns.
    """
    content = _read(path)
    if variable not in content:
        names = sorted(name for name in content if not name.startswith("__"))
        raise BadInput(f"{path} has no variable '{variable}'; it holds {', '.join(names) or 'nothing'}")
    table = np.asarray(content[variable], dtype=float)
    if table.ndim != 2 or table.shape[1] <= outputs:
        raise BadInput(f"variable '{variable}' of {path} has shape {table.shape}; it needs more than {outputs} columns")
    x, y = table[:, :-outputs], table[:, -outputs:]
    return pad([x] * outputs, list(y.T))
