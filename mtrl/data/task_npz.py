"""Labelled samples of several binary tasks in one NumPy archive: `X (n, p)`, `y (n,)` in {1, 2}, `task (n,)`."""

import pathlib
import zipfile
from typing import NamedTuple

import numpy as np

from mtrl.numerics.errors import BadInput

KEYS = ("X", "y", "task")


class TaskArrays(NamedTuple):
    """The content of the archive; tasks are renumbered 0 .. k-1 in the order of their sorted names."""

    X: np.ndarray  # (n, p) float
    y: np.ndarray  # (n,) 1 or 2
    task: np.ndarray  # (n,) 0 .. k-1
    names: tuple[str, ...]  # (k,) the values of `task` in the file


def _find(path: str) -> pathlib.Path:
    """The archive itself, or the only .npz file of a directory.

    Raises:
      BadInput: nothing there, or several archives.
    """
    place = pathlib.Path(path)
    if place.is_file():
        return place
    if not place.is_dir():
        raise BadInput(f"{path} does not exist; give an .npz file or a directory holding one")
    archives = sorted(place.glob("*.npz"))
    if len(archives) != 1:
        raise BadInput(f"{path} holds {len(archives)} .npz files, but must hold exactly one; give the file itself")
    return archives[0]


def load_labelled(path: str) -> TaskArrays:
    """Read and check an archive; `path` is the file or a directory holding only this archive.

    Raises:
      BadInput: not an archive, a missing array, shapes that disagree, values that are not finite, labels other than 1 and 2, or a task
        without samples of both classes.
    """
    file = _find(path)
    try:
        with np.load(file, allow_pickle=False) as archive:
            missing = [key for key in KEYS if key not in archive]
            if missing:
                raise BadInput(
                    f"{file} lacks the array {missing[0]}; it must hold X (n, p), y (n,) in {{1, 2}} and task (n,), but holds "
                    f"{', '.join(archive.files) or 'nothing'}"
                )
            X, y, task = (archive[key] for key in KEYS)
    except (OSError, zipfile.BadZipFile, AttributeError, TypeError) as error:
        raise BadInput(f"{file} cannot be read as an .npz archive ({error}); write it with numpy.savez") from None
    except ValueError as error:
        if isinstance(error, BadInput):
            raise
        raise BadInput(f"{file} holds Python objects or is damaged ({error}); store plain arrays only") from None
    if X.ndim != 2 or y.shape != X.shape[:1] or task.shape != X.shape[:1] or X.shape[0] == 0:
        raise BadInput(
            f"{file}: X, y and task have shapes {X.shape}, {y.shape} and {task.shape}, but need (n, p), (n,) and (n,) with n >= 1"
        )
    if not (np.issubdtype(X.dtype, np.number) and np.isfinite(X).all()):
        raise BadInput(f"{file}: X must hold finite numbers only; remove NaN, infinity and text")
    odd = [value for value in np.unique(y).tolist() if value not in (1, 2)]
    if odd:
        raise BadInput(f"{file}: y holds the value {odd[0]!r}, but takes exactly the two labels 1 and 2")
    names, index = np.unique(task, return_inverse=True)
    for i, name in enumerate(names):
        for label in (1, 2):
            if not np.any((index == i) & (y == label)):
                raise BadInput(f"{file}: task {name} has no sample of class {label}, but every task needs both classes")
    return TaskArrays(X.astype(float), y.astype(int), index.astype(int), tuple(str(name) for name in names))
