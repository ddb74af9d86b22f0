"""The generic reader: a multitask table of one's own, or a published one, from whatever file it lies in."""

import pathlib

import numpy as np

from mtrl.numerics.errors import BadInput

from .mat import tasks_of_mat
from .npy import read_npz
from .reading import Path
from .tables import columns_of, numbers_of, response_of, split_by_task, tasks_of_arff, tasks_of_csv
from .tasks import TaskSet, make_tasks, shared_inputs

TABLES = (".csv", ".tsv", ".txt", ".data")
SUFFIXES = (*TABLES, ".npz", ".mat", ".arff")


def read_tasks(path: Path, *, task: str = "task", target: str = "y", outputs: int = 0) -> TaskSet:
    """The tasks of a file, or of a folder with one file a task.

    - csv (`.csv`, `.tsv`, `.txt`, `.data`; commas, semicolons or tabs): a header, the columns `task` and `target`, all others inputs; or no
      column `task` and the last `outputs` columns responses of tasks on shared inputs.
    - `.npz`: arrays `X` (n, dim), `y` (n,) and `task` (n,); or `X` and `y` (n, outputs), tasks on shared inputs.
    - `.mat`: the layouts of `mtrl.data.mat` (School, landmine, computer survey, SARCOS with `outputs=7`).
    - `.arff`: the last `outputs` attributes are the responses; Mulan's files are known by name.
    - a folder: every csv or npz in it is one task, named after the file (csv: column `target`; npz: `X`, `y`); or its only file.

    Raises:
      BadInput: no such file, an unknown kind, or content that does not fit; one sentence.
    """
    place = pathlib.Path(path).expanduser()
    if place.is_dir():
        return _folder(place, task, target, outputs)
    kind = place.suffix.lower()
    if kind in TABLES:
        return tasks_of_csv(place, task, target, outputs)
    if kind == ".npz":
        return _npz(place)
    if kind == ".mat":
        return tasks_of_mat(place, outputs=outputs)
    if kind == ".arff":
        return tasks_of_arff(place, outputs)
    what = "does not exist" if not place.exists() else f"is of no kind that is read here ({', '.join(SUFFIXES)})"
    raise BadInput(f"{place} {what}; give a table with a task column, or a folder with one file a task")


def _npz(path: pathlib.Path) -> TaskSet:
    arrays = read_npz(path)
    missing = [name for name in ("X", "y") if name not in arrays]
    if missing:
        raise BadInput(
            f"{path} lacks the array {missing[0]}; it must hold X (n, dim), y (n,), task (n,), but holds {', '.join(arrays) or 'nothing'}"
        )
    x, y = arrays["X"], arrays["y"]
    if (
        x.ndim != 2
        or y.ndim not in (1, 2)
        or len(y) != len(x)
        or x.dtype.kind not in "fiub"
        or y.dtype.kind not in "fiub"
    ):
        raise BadInput(
            f"{path}: X and y have shapes {x.shape} and {y.shape} and types {x.dtype} and {y.dtype}, but must be (n, dim) and (n,) numbers"
        )
    if "task" not in arrays:
        return shared_inputs(path, x, y) if y.ndim == 2 else make_tasks(path, [x], [y])
    if y.ndim != 1 or arrays["task"].shape != y.shape:
        raise BadInput(
            f"{path}: y and task have shapes {y.shape} and {arrays['task'].shape}, but need one value per row of X"
        )
    return split_by_task(path, x, y, arrays["task"])


def _folder(folder: pathlib.Path, task: str, target: str, outputs: int) -> TaskSet:
    files = sorted(
        file for file in folder.iterdir() if file.suffix.lower() in SUFFIXES and not file.name.startswith(".")
    )
    if not files:
        raise BadInput(f"{folder} holds no file of a kind that is read here ({', '.join(SUFFIXES)})")
    if len(files) == 1:
        return read_tasks(files[0], task=task, target=target, outputs=outputs)
    odd = [file.name for file in files if file.suffix.lower() not in (*TABLES, ".npz")]
    if odd:
        raise BadInput(
            f"{folder} holds {len(files)} files, of which {odd[0]} is not one task in csv or npz; give that file itself"
        )
    xs, ys = [], []
    for file in files:
        one = _npz(file) if file.suffix.lower() == ".npz" else _one_csv(file, target)
        if len(one.y) != 1:
            raise BadInput(f"{file} holds {len(one.y)} tasks, but a folder holds one file a task; give the file itself")
        xs.append(one.x[0])
        ys.append(one.y[0])
    return make_tasks(folder, xs, ys, [file.stem for file in files])


def _one_csv(path: pathlib.Path, target: str) -> TaskSet:
    """One task: column `target` the response, all others inputs."""
    table = columns_of(path)
    if target not in table:
        raise BadInput(f"{path} has no column '{target}'; it has {', '.join(list(table)[:12])}: name the response's")
    x = np.concatenate([numbers_of(path, name, cells) for name, cells in table.items() if name != target], axis=1)
    return make_tasks(path, [x], [response_of(path, target, table[target])[:, 0]])
