"""Tables of multitask data: one row per sample, in csv (commas, semicolons or tabs, a header) or in `.arff` (Mulan's collection)."""

import contextlib
import csv
import io
import pathlib
from collections.abc import Sequence

import numpy as np

from mtrl.numerics.errors import BadInput

from .reading import Path, number, parsing, read_text
from .tasks import TaskSet, make_tasks, shared_inputs

MISSING = ("", "nan", "na", "n/a", "null", "none", "?", "inf", "infinity")
LEVELS = 30  # most different texts of a column that becomes 0/1 columns, one a text
# Published tables by their columns: task, response, and further responses that are no inputs.
PUBLISHED = {
    ("subject#", "motor_UPDRS"): ("total_UPDRS",),  # Parkinson's telemonitoring (Tsanas et al. 2009)
    ("ID", "Performance"): (),  # swimmers (Leroy et al. 2022)
}
# Responses, the last columns, of the collection of Spyromitros-Xioufis et al. 2016, by the file's name.
MULAN = {
    "andro": 6, "atp1d": 6, "atp7d": 6, "edm": 2, "enb": 2, "jura": 3, "oes10": 16, "oes97": 16, "osales": 12, "rf1": 8, "rf2": 8,
    "scm1d": 16, "scm20d": 16, "scpf": 3, "sf1": 3, "sf2": 3, "slump": 3, "wq": 14,
}  # fmt: skip


def columns_of(path: Path) -> dict[str, list[str]]:
    """The cells of a csv by column, as text."""
    text = read_text(path, "a table in csv with a header")
    first = text.split("\n", 1)[0]
    with parsing(path, "csv", "expected a header and one row per sample"):
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=first.count))
        header = [cell.strip() for cell in next(rows, [])]
        if len(header) < 2 or len(set(header)) < len(header) or "" in header:
            raise BadInput(
                f"{path}, line 1: got the header {','.join(header) or 'nothing'}; expected two columns or more, all named, no name twice"
            )
        table: dict[str, list[str]] = {name: [] for name in header}
        for line, cells in enumerate(rows, start=2):
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(header):
                raise BadInput(f"{path}, line {line}: got {len(cells)} cells; expected {len(header)} as in the header")
            for name, cell in zip(header, cells, strict=True):
                table[name].append(cell.strip())
    if not table[header[0]]:
        raise BadInput(f"{path} has a header but no rows; give the whole table")
    return table


def numbers_of(path: Path, name: str, cells: list[str]) -> np.ndarray:
    """A column as numbers (n, 1), or a column of few different texts as 0/1 columns (n, level)."""
    texts = set(cells)
    if any(cell[:1] in "0123456789+-." or cell.lower() in MISSING for cell in texts) or len(texts) > LEVELS:
        return response_of(path, name, cells)
    return (np.array(cells)[:, None] == np.array(sorted(texts))).astype(float)


def tasks_of_csv(path: Path, task: str = "task", target: str = "y", outputs: int = 0) -> TaskSet:
    """The tasks of a table: every value of the column `task` is one; `target` is the response, all other columns are inputs.

    Without a column `task`, the last `outputs` columns are the responses of as many tasks on shared inputs. The columns of tables in
    PUBLISHED need not be named. Columns of text become 0/1 columns.

    Raises:
      BadInput: not a table, a column that is missing, a cell that is no number, or tasks that do not fit together.
    """
    table = columns_of(path)
    others: Sequence[str] = ()
    for (known_task, known_target), more in PUBLISHED.items():
        if {known_task, known_target} <= table.keys() and task not in table:
            task, target, others = known_task, known_target, more
    names = list(table)
    if task not in table and outputs:
        if outputs >= len(names):
            raise BadInput(f"{path} has {len(names)} columns; it needs more than the {outputs} that are responses")
        x = np.concatenate([numbers_of(path, name, table[name]) for name in names[:-outputs]], axis=1)
        ys = np.concatenate([response_of(path, name, table[name]) for name in names[-outputs:]], axis=1)
        return shared_inputs(path, x, ys, names[-outputs:])
    for column in (task, target):
        if column not in table:
            raise BadInput(
                f"{path} has no column '{column}'; it has {', '.join(names[:12])}: name the task's and the response's, or say how "
                "many of the last columns are responses of tasks on shared inputs (outputs)"
            )
    inputs = [name for name in names if name not in (task, target, *others)]
    if not inputs:
        raise BadInput(f"{path} has only the columns {task} and {target}; it needs inputs too")
    x = np.concatenate([numbers_of(path, name, table[name]) for name in inputs], axis=1)
    y = response_of(path, target, table[target])[:, 0]
    return split_by_task(path, x, y, np.array(table[task]))


def response_of(path: Path, name: str, cells: list[str]) -> np.ndarray:
    """A column that must be numbers, (n, 1)."""
    return np.array([[number(cell, f"{path}, line {line}, column {name}")] for line, cell in enumerate(cells, start=2)])


def split_by_task(path: Path, x: np.ndarray, y: np.ndarray, task: np.ndarray) -> TaskSet:
    """Samples in any order with the task of each; tasks in the order of their names, numbers as numbers."""
    names, index = np.unique(task, return_inverse=True)
    rows = np.split(np.argsort(index, kind="stable"), np.cumsum(np.bincount(index))[:-1])
    with contextlib.suppress(TypeError, ValueError):
        order = np.argsort(names.astype(float), kind="stable")
        names, rows = names[order], [rows[t] for t in order]
    return make_tasks(path, [x[part] for part in rows], [y[part] for part in rows], [str(name) for name in names])


def tasks_of_arff(path: Path, outputs: int = 0) -> TaskSet:
    """The responses in the last columns of an `.arff` file as tasks on shared inputs; nominal inputs become 0/1 columns.

    Args:
      path: file; those of Mulan are known by name.
      outputs: how many of the last columns are responses.

    Raises:
      BadInput: not such a file, missing values, or the number of responses is not known.
    """
    outputs = outputs or MULAN.get(pathlib.Path(path).stem.lower(), 0)
    text = read_text(path, "an .arff file")
    with parsing(path, "an .arff file", "expected @relation, @attribute lines, @data and rows without missing values"):
        from scipy.io import arff

        data, meta = arff.loadarff(io.StringIO(text))
        names, kinds = meta.names(), meta.types()
        if not 0 < outputs < len(names):
            raise BadInput(f"{path} has {len(names)} attributes; say how many of the last are responses (outputs)")
        parts = []
        for name, kind in zip(names, kinds, strict=True):
            if kind == "nominal":
                levels = np.array([str(level) for level in meta[name][1]])
                parts.append((data[name].astype(str)[:, None] == levels).astype(float))
            else:
                parts.append(np.asarray(data[name], float)[:, None])
        if any(kind == "nominal" for kind in kinds[-outputs:]):
            raise BadInput(f"{path}: the last {outputs} attributes are not all numbers; responses must be (outputs)")
        x, ys = np.concatenate(parts[:-outputs], axis=1), np.concatenate(parts[-outputs:], axis=1)
    return shared_inputs(path, x, ys, names[-outputs:])
