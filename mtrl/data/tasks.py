"""The one type of what readers of multitask files return: inputs and responses of every task, with the tasks' names."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from mtrl.numerics.errors import BadInput

from .reading import Path


class TaskSet(NamedTuple):
    """Tasks of unequal size with inputs of one dimension, finite throughout."""

    x: tuple[np.ndarray, ...]  # per task (n_t, dim)
    y: tuple[np.ndarray, ...]  # per task (n_t,)
    names: tuple[str, ...]  # of the tasks
    shared: bool = False  # whether all tasks have the same inputs, row by row (several responses to one design)


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


def make_tasks(
    path: Path, xs: Sequence[ArrayLike], ys: Sequence[ArrayLike], names: Sequence[str] = (), shared: bool = False
) -> TaskSet:
    """A checked set of tasks.

    Raises:
      BadInput: no tasks, a task without rows or with inputs of another dimension, lengths that differ, or values that are not finite.
    """
    xs, ys = ([np.asarray(part, float) for part in parts] for parts in (xs, ys))
    names = tuple(names) or tuple(str(t) for t in range(len(xs)))
    if len(xs) != len(ys) or not xs:
        raise BadInput(f"{path} has inputs of {len(xs)} tasks and responses of {len(ys)}; give one of each per task")
    for name, x, y in zip(names, xs, ys, strict=True):
        if x.ndim != 2 or x.shape[1:] != xs[0].shape[1:] or y.shape != x.shape[:1]:
            raise BadInput(
                f"task {name} of {path} has inputs {x.shape} and {y.shape} responses; every task needs (n_t, "
                f"{xs[0].shape[-1] if xs[0].ndim else 0}) inputs and n_t responses"
            )
        if not len(y) or not x.shape[1]:
            raise BadInput(f"task {name} of {path} is empty (inputs {x.shape}); leave it out")
        if not (np.isfinite(x).all() and np.isfinite(y).all()):
            raise BadInput(f"task {name} of {path} holds values that are not finite; remove those rows")
        if max(np.abs(x).max(), np.abs(y).max()) > 1e100:
            raise BadInput(
                f"task {name} of {path} holds values above 1e100, which overflow when squared; mend or cut them"
            )
    return TaskSet(tuple(xs), tuple(ys), names, shared)


def shared_inputs(path: Path, x: np.ndarray, ys: np.ndarray, names: Sequence[str] = ()) -> TaskSet:
    """Every column of `ys` (n, outputs) is a task on the same inputs x (n, dim)."""
    return make_tasks(path, [x] * ys.shape[1], list(ys.T), names, shared=True)


def check_rows(tasks: TaskSet, least: int, path: Path, why: str) -> None:
    """Refuse tasks with too few rows.

    Raises:
      BadInput: names the smallest task, its rows, and why they are needed.
    """
    sizes = [len(y) for y in tasks.y]
    small = int(np.argmin(sizes))
    if sizes[small] < least:
        raise BadInput(
            f"task {tasks.names[small]} of {path} has {sizes[small]} rows, but {least} are needed {why}; leave the task out"
        )
