"""Labelled samples of several binary tasks, from any multitask table."""

from typing import NamedTuple

import numpy as np

from mtrl.numerics.errors import BadInput

from .read import read_tasks
from .reading import Path


class TaskArrays(NamedTuple):
    """Samples of all tasks in one table."""

    X: np.ndarray  # (n, p) float
    y: np.ndarray  # (n,) 1 or 2
    task: np.ndarray  # (n,) 0 .. k-1
    names: tuple[str, ...]  # (k,) names of the tasks


def load_labelled(path: Path, *, task: str = "task", target: str = "y", outputs: int = 0) -> TaskArrays:
    """The samples of `read_tasks` with two labels, the smaller one called class 1.

    Raises:
      BadInput: as `read_tasks`, labels of more than two values, or a task without samples of both classes.
    """
    tasks = read_tasks(path, task=task, target=target, outputs=outputs)
    labels = np.unique(np.concatenate(tasks.y))
    if len(labels) != 2:
        some = ", ".join(f"{label:g}" for label in labels[:4]) + (", ..." if len(labels) > 4 else "")
        raise BadInput(f"{path}: y takes {len(labels)} values ({some}), but must take the two labels of a binary task")
    for name, y in zip(tasks.names, tasks.y, strict=True):
        for label in labels:
            if not np.any(y == label):
                raise BadInput(
                    f"{path}: task {name} has no sample of class {label:g}, but every task needs both classes"
                )
    index = np.repeat(np.arange(len(tasks.y)), [len(y) for y in tasks.y])
    y = np.where(np.concatenate(tasks.y) == labels[0], 1, 2)
    return TaskArrays(np.concatenate(tasks.x), y, index, tasks.names)
