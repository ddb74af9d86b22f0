"""MATLAB files of multitask learning, version 5: cells per task, one long matrix with the starts of tasks, or one matrix of shared inputs.

Layouts, by the names of the variables (in any case): cells `X`, `y` (School as MALSAR ships it) or `feature`, `label` (landmine); `x` (dim,
n), `y` (n, 1) and `task_indexes` (School as PyMTL ships it; first sample of each task, from 1); `designMarix`, `likeBuy` (computer survey:
one design, a column of ratings per person); one matrix, whose last columns are the responses of tasks on shared inputs (SARCOS: 21 and 7).
"""

import io
import math
import struct
import zlib
from typing import Any

import numpy as np

from mtrl.data.reading import GROWTH, SLACK, Path, check_growth, parsing, read_bytes
from mtrl.data.tasks import TaskSet, make_tasks, shared_inputs
from mtrl.numerics.errors import BadInput

CELLS = (("x", "y"), ("feature", "label"))
_MATRIX, _COMPRESSED = 14, 15
_CELL, _SPARSE = 1, 5
_ADVICE = "save it from MATLAB with '-v7' or older, or get it again"


def read_mat(path: Path) -> dict[str, np.ndarray]:
    """Variables of a file, by name.

    Raises:
      BadInput: no such file, another version of the format, or a damaged file.
    """
    content = read_bytes(path, "a MATLAB version 5 .mat file with task data")
    with parsing(path, "a MATLAB version 5 file", _ADVICE):
        if content[:10] == b"MATLAB 7.3":
            raise BadInput(f"{path} is not a MATLAB version 5 file but version 7.3; {_ADVICE}")
        order = {b"IM": "<", b"MI": ">"}.get(content[126:128])
        if order is None:
            raise BadInput(f"{path} is not a MATLAB version 5 file; {_ADVICE}")
        _check_elements(path, content, 128, order, len(content))
        from scipy.io import loadmat

        return {name: value for name, value in loadmat(io.BytesIO(content)).items() if not name.startswith("__")}


def _check_elements(path: Path, data: bytes, start: int, order: str, size: int) -> None:
    """Walk the tags: every size fits into what surrounds it, so that the parser takes no memory for what is not there."""
    damaged = BadInput(f"{path} is cut short or damaged; {_ADVICE}")
    while start + 8 <= len(data):
        kind, count = struct.unpack_from(f"{order}II", data, start)
        body = data[start + 8 : start + 8 + count]
        if kind >> 16:  # small element: type and size in one word, up to 4 bytes beside it
            start += 8
            continue
        if count > len(data) - start - 8:
            raise damaged
        if kind == _COMPRESSED:
            opened = zlib.decompressobj()
            body = opened.decompress(body, GROWTH * size + SLACK)
            check_growth(path, len(body) + (GROWTH * size + SLACK if opened.unconsumed_tail else 0), size)
            _check_elements(path, body, 0, order, size)
        elif kind == _MATRIX and count:
            _check_matrix(path, body, order, size, damaged)
        start += 8 + count + (-count % 8 if kind != _COMPRESSED else 0)


def _check_matrix(path: Path, body: bytes, order: str, size: int, damaged: BadInput) -> None:
    (flags,) = struct.unpack_from(f"{order}I", body, 8)
    _, count = struct.unpack_from(f"{order}II", body, 16)
    dims = struct.unpack_from(f"{order}{count // 4}i", body, 24)
    if min(dims, default=0) < 0:
        raise damaged
    kind, entries = flags & 0xFF, math.prod(dims)
    if kind == _SPARSE:
        check_growth(path, 8 * entries, size)
    elif entries > len(body):  # an entry takes a byte at least
        raise damaged
    elif kind == _CELL:
        start = 24 + count + (-count % 8)
        _, name = struct.unpack_from(f"{order}II", body, start)
        small = name >> 16 or struct.unpack_from(f"{order}I", body, start)[0] >> 16
        _check_elements(path, body, start + 8 + (0 if small else name + (-name % 8)), order, size)


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
            if not variable and x in named and y in named and named[x].dtype == named[y].dtype == object:
                return make_tasks(
                    path, [_dense(cell) for cell in named[x].ravel()], [_dense(c).reshape(-1) for c in named[y].ravel()]
                )
        if not variable and {"x", "y", "task_indexes"} <= named.keys():
            return _long(path, named)
        if not variable and {"designmarix", "likebuy"} <= named.keys():
            return shared_inputs(path, _dense(named["designmarix"]), _dense(named["likebuy"]).T)
        return _matrix(path, content, variable, outputs)


def _dense(value: Any) -> np.ndarray:
    return np.asarray(value.toarray() if hasattr(value, "toarray") else value, dtype=float)


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


def _matrix(path: Path, content: dict[str, np.ndarray], variable: str, outputs: int) -> TaskSet:
    matrices = [
        name
        for name, value in content.items()
        if value.ndim == 2 and value.dtype.kind in "fiu" and min(value.shape) > 1
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
