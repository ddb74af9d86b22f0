"""Training data of several tasks with unequal numbers of samples: padded arrays and their counts."""

import warnings
from collections.abc import Sequence
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int
from scipy import stats

from mtrl.numerics.checks import check_finite
from mtrl.numerics.errors import BadInput


class Means(NamedTuple):
    """What was subtracted from every task; predictions add it back."""

    features: Float[Array, "task dim"]
    targets: Float[Array, "task output"]


class TaskData(NamedTuple):
    """Samples as rows; rows beyond a task's count are zero, which leaves every estimator of this wing unchanged."""

    features: Float[Array, "task sample dim"]
    targets: Float[Array, "task sample output"]
    counts: Int[Array, " task"]
    means: Means | None = None  # training means, if the rows were centred by them

    @property
    def mask(self) -> Bool[Array, "task sample"]:
        """True where a row is a sample."""
        return jnp.arange(self.features.shape[1]) < self.counts[:, None]

    @property
    def scale(self) -> int:
        """Td, the number of unknowns of one output: the model is `y = x . w/sqrt(Td) + eps`."""
        return self.features.shape[0] * self.features.shape[2]


def pack(features: Sequence[Any], targets: Sequence[Any], *, center: bool = False) -> TaskData:
    """Host-side: check the tasks' arrays and pad them to the largest number of samples.

    Args:
      features: T arrays or lists (n_t, d), samples as rows.
      targets: T arrays or lists (n_t,) or (n_t, q).
      center: subtract each task's training means, of features and of targets, and keep them for predictions; the theory assumes means 0.

    Returns:
      TaskData in the inputs' floating dtype.

    Raises:
      BadInput: no task, a task without samples, dimensions that differ, numbers that are not finite.
    Warns:
      when a t-test rejects mean 0 of some feature (level 1e-6 per task) and `center` is False.
    """
    X = [np.asarray(x) for x in features]
    Y = [np.asarray(y) for y in targets]
    if not X or len(X) != len(Y):
        raise BadInput(
            f"got {len(X)} feature arrays and {len(Y)} target arrays, but needs one of each per task, at least one"
        )
    Y = [y[:, None] if y.ndim == 1 else y for y in Y]
    for t, (x, y) in enumerate(zip(X, Y, strict=True)):
        if x.ndim != 2 or y.ndim != 2:
            raise BadInput(
                f"task {t}: features of shape {x.shape} and targets of shape {y.shape}, but takes (n, d) and (n,) or (n, q)"
            )
        if x.shape[0] == 0:
            raise BadInput(f"task {t}: features has no samples (n_t = 0); drop the task or give it at least one sample")
        if x.shape[0] != y.shape[0]:
            raise BadInput(f"task {t}: features has {x.shape[0]} samples but targets has {y.shape[0]}")
        if x.shape[1] != X[0].shape[1] or y.shape[1] != Y[0].shape[1]:
            raise BadInput(
                f"task {t}: features has dimension {x.shape[1]} and {y.shape[1]} outputs, but task 0 has {X[0].shape[1]} and "
                f"{Y[0].shape[1]}; all tasks share one dimension d and one number of outputs"
            )
        check_finite(**{f"features of task {t}": x, f"targets of task {t}": y}, hint="remove or impute the sample")
    dtype = np.result_type(*X, *Y, np.float32)
    means = None
    if center:
        centres = [np.stack([a.mean(0) for a in arrays]).astype(dtype) for arrays in (X, Y)]
        X, Y = (
            [a - m for a, m in zip(arrays, mean, strict=True)] for arrays, mean in zip((X, Y), centres, strict=True)
        )
        means = Means(jnp.asarray(centres[0]), jnp.asarray(centres[1]))
    else:
        _warn_uncentred(X)
    n = np.array([len(x) for x in X])
    features_, targets_ = (np.zeros((len(X), n.max(), a[0].shape[1]), dtype) for a in (X, Y))
    for t, (x, y) in enumerate(zip(X, Y, strict=True)):
        features_[t, : n[t]], targets_[t, : n[t]] = x, y
    return TaskData(jnp.asarray(features_), jnp.asarray(targets_), jnp.asarray(n), means)


def _warn_uncentred(features: Sequence[np.ndarray]) -> None:
    for t, x in enumerate(features):
        if len(x) < 2:
            continue
        error = x.std(0, ddof=1) / np.sqrt(len(x))
        limit = stats.t.isf(5e-7 / x.shape[1], len(x) - 1)  # false-alarm rate 1e-6 per task
        if np.any(np.abs(x.mean(0)) > limit * error):
            warnings.warn(
                f"task {t}: features are not centred, but the predicted risks assume mean 0; "
                "pass center=True to subtract the training mean",
                stacklevel=3,
            )
            return
