"""Host-side checks of the multi-task least-squares SVM's inputs; the traced functions assume them."""

import warnings

import numpy as np
from numpy.typing import ArrayLike

from mtrl.numerics.errors import BadInput
from mtrl.numerics.multitask_ridge import check_couplings
from mtrl.random_matrix.classification_problem import Samples

__all__ = [
    "check_centred",
    "check_counts",
    "check_couplings",
    "check_gram",
    "check_informative",
    "check_samples",
    "check_split",
    "check_target",
]


def check_samples(data: Samples, tasks: int, classes: int = 2) -> np.ndarray:
    """Refuse samples no fit can use.

    Returns:
      (task, cls) counts n_ij.

    Raises:
      BadInput: shapes that disagree, values that are not finite, an unknown task or label, or an empty class.
    """
    X, task, label = (np.asarray(part) for part in data)
    if X.ndim != 2 or task.shape != X.shape[:1] or label.shape != X.shape[:1]:
        raise BadInput(
            f"X, task and label got shapes {X.shape}, {task.shape} and {label.shape}, but need (n, p), (n,) and (n,)"
        )
    if not np.isfinite(X).all():
        raise BadInput("X holds NaN or infinity; clean the features first")
    for name, values, size in (("task", task, tasks), ("label", label, classes)):
        odd = np.setdiff1d(values, np.arange(size))
        if odd.size:
            raise BadInput(f"{name} holds the value {odd[0]}, but takes whole numbers from 0 to {size - 1}")
    counts = np.zeros((tasks, classes), dtype=int)
    np.add.at(counts, (task.astype(int), label.astype(int)), 1)
    check_counts(counts)
    return counts


def check_counts(counts: ArrayLike) -> None:
    """Refuse an empty class.

    Raises:
      BadInput: some n_ij is below 1.
    """
    counts = np.asarray(counts)
    for i, j in np.argwhere(counts < 1):
        raise BadInput(
            f"class {j + 1} of task {i} has {counts[i, j]} samples, but every class of every task needs at least one"
        )


def check_split(counts: ArrayLike) -> None:
    """Refuse classes that cannot be split in two halves.

    Raises:
      BadInput: some n_ij is below 2.
    """
    counts = np.asarray(counts)
    for i, j in np.argwhere(counts < 2):
        raise BadInput(
            f"class {j + 1} of task {i} has {counts[i, j]} sample, but splitting a class in two halves needs at least two; "
            "use gram_corrected instead"
        )


def check_centred(ytil: ArrayLike, counts: ArrayLike, *, tolerance: float = 1e-6) -> None:
    """Refuse labels whose weighted task mean is not zero; the theory is for centred labels.

    Raises:
      BadInput: |sum_j n_ij ytil_ij| exceeds `tolerance` times sum_j n_ij |ytil_ij|.
    """
    ytil, counts = np.asarray(ytil, dtype=float), np.asarray(counts, dtype=float)
    if ytil.shape != counts.shape:
        raise BadInput(f"labels got shape {ytil.shape}, but need one value per task and class, shape {counts.shape}")
    if not np.isfinite(ytil).all():
        raise BadInput("labels hold NaN or infinity, but must be finite numbers")
    offset = np.abs((counts * ytil).sum(1))
    for i in np.flatnonzero(offset > tolerance * (counts * np.abs(ytil)).sum(1)):
        raise BadInput(
            f"labels of task {i} have sample mean {(counts[i] @ ytil[i]) / counts[i].sum():.4g}, but must be centred "
            "(sum_j n_ij ytil_ij = 0); apply center_labels (--center_labels on the command line)"
        )


def check_gram(gram: ArrayLike, *, tolerance: float = 1e-8) -> None:
    """Refuse a Gram matrix of mean differences that cannot be one.

    Raises:
      BadInput: not square and symmetric, not finite, or an eigenvalue below -`tolerance` times the largest.
    """
    gram = np.asarray(gram, dtype=float)
    if gram.ndim != 2 or gram.shape[0] != gram.shape[1] or not np.isfinite(gram).all():
        raise BadInput(f"gram got shape {gram.shape}, but must be a finite (task, task) matrix of inner products")
    scale = np.abs(gram).max(initial=0.0)
    if np.abs(gram - gram.T).max(initial=0.0) > tolerance * scale:
        raise BadInput("gram is not symmetric, but holds inner products dmu_i . dmu_j; pass (gram + gram.T)/2")
    smallest = np.linalg.eigvalsh(gram)[0]
    if smallest < -tolerance * scale:
        raise BadInput(
            f"gram has the eigenvalue {smallest:.4g}, but must be positive semi-definite; apply project_psd to an estimated one"
        )


def check_target(target: int, tasks: int) -> None:
    """Refuse a target that is no task.

    Raises:
      BadInput: target outside 0 .. tasks - 1.
    """
    if not 0 <= int(target) < tasks:
        raise BadInput(f"target got {target}, but must be a task index from 0 to {tasks - 1}")


def check_informative(gram: ArrayLike) -> bool:
    """Warn when all class means coincide: every label rule is 0/0 and the error is 0.5.

    Returns:
      False when there is nothing to learn.
    """
    informative = bool(np.any(np.asarray(gram) != 0))
    if not informative:
        warnings.warn(
            "all classes have equal means, so no score separates them: optimal labels are 0 and the error is 0.5",
            stacklevel=2,
        )
    return informative
