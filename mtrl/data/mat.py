"""MATLAB files of multitask learning, version 5: cells per task, one long matrix with the starts of tasks, or one matrix of shared inputs.

Layouts, by the names of the variables (in any case): cells `X`, `y` (School as MALSAR ships it) or `feature`, `label` (landmine); `x` (dim,
n), `y` (n, 1) and `task_indexes` (School as PyMTL ships it; first sample of each task, from 1); `designMarix`, `likeBuy` (computer survey:
one design, a column of ratings per person); one matrix, whose last columns are the responses of tasks on shared inputs (SARCOS: 21 and 7).
"""

import math
import struct
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from mtrl.numerics.errors import BadInput

from .reading import GROWTH, SLACK, Path, check_growth, parsing, read_bytes
from .tasks import TaskSet, make_tasks, shared_inputs

CELLS = (("x", "y"), ("feature", "label"))
_NUMBERS = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
_MATRIX, _COMPRESSED = 14, 15
_CELL, _SPARSE, _NUMERIC = 1, 5, range(6, 16)
_ADVICE = "save it from MATLAB with '-v7' or older, or get it again"


def read_mat(path: Path) -> dict[str, Any]:
    """Variables of a version 5 file, by name: numeric matrices as arrays, sparse ones made dense, cells as object arrays, all else None.

    Read here and not by SciPy, whose reader takes gigabytes for damaged files or ends the process.

    Raises:
      BadInput: no such file, another version of the format, or a damaged file.
    """
    content = read_bytes(path, "a MATLAB version 5 .mat file with task data")
    if content[:10] == b"MATLAB 7.3":
        raise BadInput(f"{path} is not a MATLAB version 5 file but version 7.3; {_ADVICE}")
    order = {b"IM": "<", b"MI": ">"}.get(content[126:128])
    if order is None:
        raise BadInput(f"{path} is not a MATLAB version 5 file; {_ADVICE}")
    variables = {}
    with parsing(path, "a MATLAB version 5 file", _ADVICE):
        for kind, body in _elements(content[128:], order):
            if kind == _COMPRESSED:
                stream, room = zlib.decompressobj(), GROWTH * len(content) + SLACK
                body = stream.decompress(body, room)
                check_growth(path, len(body) + (room if stream.unconsumed_tail else 0), len(content))
                kind, body = next(_elements(body, order))
            if kind == _MATRIX:
                name, value = _matrix(body, order, path, len(content))
                variables[name] = value
    return variables


def _elements(data: bytes, order: str) -> Iterator[tuple[int, bytes]]:
    """Type and bytes of the elements that lie one after another; up to four bytes stand beside their tag."""
    at = 0
    while at < len(data):
        kind, count = struct.unpack_from(f"{order}II", data, at)
        if kind >> 16:
            yield kind & 0xFFFF, data[at + 4 : at + 4 + min(kind >> 16, 4)]
            at += 8
            continue
        if count > len(data) - at - 8:
            raise ValueError("cut short")
        yield kind, data[at + 8 : at + 8 + count]
        at += 8 + count + (0 if kind == _COMPRESSED else -count % 8)


def _matrix(body: bytes, order: str, path: Path, size: int) -> tuple[str, Any]:
    """Name and value of a matrix element; every entry of the value lies in the element's bytes."""
    if not body:  # MATLAB writes an empty cell so
        return "", np.zeros((0, 0))
    parts = list(_elements(body, order))
    (flags,) = struct.unpack_from(f"{order}I", parts[0][1])
    dims, name = _numbers(parts[1], order).tolist(), parts[2][1].decode("latin-1")
    if min(dims, default=0) < 0:
        raise ValueError("negative sizes")
    kind, is_complex = flags & 0xFF, flags & 0x800
    if kind == _CELL:
        values = np.empty(len(parts) - 3, object)
        for i, (_, part) in enumerate(parts[3:]):
            values[i] = _matrix(part, order, path, size)[1]
        return name, values.reshape(dims, order="F")
    if kind in _NUMERIC and not is_complex:
        return name, _numbers(parts[3], order).reshape(dims, order="F")
    if kind == _SPARSE and not is_complex:
        check_growth(path, 8 * math.prod(dims), size)
        rows, starts, entries = (_numbers(part, order) for part in parts[3:6])
        dense = np.zeros(dims)
        count = int(starts[-1])
        dense[rows[:count], np.repeat(np.arange(dims[1]), np.diff(starts))] = entries[:count]
        return name, dense
    return name, None


def _numbers(element: tuple[int, bytes], order: str) -> np.ndarray:
    return np.frombuffer(element[1], order + _NUMBERS[element[0]])


def tasks_of_mat(path: Path, variable: str = "", outputs: int = 0) -> TaskSet:
    """The tasks of a file in any of the layouts above.

    Args:
      path: .mat file.
      variable: the matrix of shared inputs; the only matrix of the file when not given.
      outputs: how many of its last columns are responses.

    Raises:
      BadInput: as `read_mat`, or the variables are of no known layout or do not fit together.
    """
    content = read_mat(path)
    named = {name.lower(): value for name, value in content.items()}
    with parsing(path, "task data", "see the layouts that mtrl.data lists"):
        for x, y in CELLS:
            if not variable and all(isinstance(named.get(n), np.ndarray) and named[n].dtype == object for n in (x, y)):
                return make_tasks(
                    path, [_dense(cell) for cell in named[x].ravel()], [_dense(c).reshape(-1) for c in named[y].ravel()]
                )
        if not variable and {"x", "y", "task_indexes"} <= named.keys():
            return _long(path, named)
        if not variable and {"designmarix", "likebuy"} <= named.keys():
            return shared_inputs(path, _dense(named["designmarix"]), _dense(named["likebuy"]).T)
        return _last_columns(path, content, variable, outputs)


def _dense(value: Any) -> np.ndarray:
    if value is None:
        raise ValueError("text, structures or complex numbers where numbers were expected")
    return np.asarray(value, dtype=float)


def _long(path: Path, named: dict[str, np.ndarray]) -> TaskSet:
    x, y, starts = _dense(named["x"]), _dense(named["y"]).reshape(-1), named["task_indexes"].reshape(-1).astype(int) - 1
    if x.ndim == 2 and x.shape[1] == len(y) != x.shape[0]:
        x = x.T
    if len(x) != len(y) or not len(starts) or starts[0] != 0 or (np.diff(starts) <= 0).any() or starts[-1] >= len(y):
        raise BadInput(
            f"{path}: x {x.shape}, y {y.shape} and {len(starts)} task_indexes do not fit; expected x (dim, n), y (n, 1) and the first "
            "sample of each task, counted from 1 and increasing"
        )
    return make_tasks(path, np.split(x, starts[1:]), np.split(y, starts[1:]))


def _last_columns(path: Path, content: dict[str, np.ndarray], variable: str, outputs: int) -> TaskSet:
    matrices = [
        name
        for name, value in content.items()
        if value is not None and value.ndim == 2 and value.dtype.kind in "fiu" and min(value.shape) > 1
    ]
    names = ", ".join(sorted(content)) or "nothing"
    if variable not in content:
        if variable or len(matrices) != 1:
            asked = (
                f"no variable '{variable}'"
                if variable
                else "no task data in a known layout (cells X and y; x, y, task_indexes)"
            )
            raise BadInput(f"{path} has {asked}; it holds {names}")
        variable = matrices[0]
    if not outputs and variable.startswith("sarcos_inv"):
        outputs = 7
    table = _dense(content[variable])
    if outputs < 1:
        raise BadInput(
            f"{path} holds the matrix '{variable}' {table.shape}; say how many of its last columns are responses (outputs)"
        )
    if table.ndim != 2 or table.shape[1] <= outputs:
        raise BadInput(f"variable '{variable}' of {path} has shape {table.shape}; it needs more than {outputs} columns")
    if len(table) < table.shape[1]:
        raise BadInput(
            f"variable '{variable}' of {path} has shape {table.shape}, fewer rows than columns; samples go in rows, transpose it"
        )
    return shared_inputs(path, table[:, :-outputs], table[:, -outputs:])


def read_splits(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Rows for training and for testing of one published split of School (`school_<i>_indexes.mat`: `tr`, `tst`), counted from 0.

    Raises:
      BadInput: as `read_mat`, or the two are missing, not whole numbers from 1, or overlap.
    """
    content = read_mat(path)
    if not {"tr", "tst"} <= content.keys():
        raise BadInput(f"{path} has no split `tr`, `tst`; it holds {', '.join(sorted(content)) or 'nothing'}")
    train, test = (np.asarray(content[name]).reshape(-1).astype(int) - 1 for name in ("tr", "tst"))
    if not len(train) or not len(test) or min(train.min(), test.min()) < 0 or np.intersect1d(train, test).size:
        raise BadInput(
            f"{path}: `tr` and `tst` must count samples from 1, hold some each, and share none; get it again"
        )
    return train, test
