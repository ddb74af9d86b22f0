"""Rules compared in the paper: which labels, which threshold, which coupling.

| rule | labels | threshold | coupling |
| --- | --- | --- | --- |
| single task | any | mid-point | `single_task_coupling(gamma)` |
| classical multi-task | +-1 | 0 | diag(gamma) + lam 1 1^T |
| +-1, mid-point | +-1 | (m_1 + m_2)/2 | same |
| pooled | any | mid-point | `pooled_coupling(lam)`, the limit gamma -> 0 |
| optimal | `optimal_labels` | (m_1 + m_2)/2 | same |
"""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float, Num

from mtrl.numerics.types import Scalar
from mtrl.random_matrix.classification_theory import Equivalent, Prediction, error_at, midpoint, predict
from mtrl.random_matrix.couplings import coupling
from mtrl.random_matrix.labels import optimal_labels, signed_labels


class Rule(NamedTuple):
    """Labels and thresholds of a classifier, with the predicted law and error of its scores."""

    ytil: Float[Array, "task 2"]
    threshold: Float[Array, " task"]
    prediction: Prediction
    error: Float[Array, " task"]  # predicted, equal priors


def single_task_coupling(gamma: Scalar, like: Float[Array, " task"]) -> Float[Array, "task task"]:
    """B = k gamma I: independent least-squares SVMs.

    The single-task machine divides by p where the joint one divides by kp, so its gamma is k times larger here.

    Args:
      gamma: of the single-task machine.
      like: (task,) array giving the number of tasks and the dtype.
    """
    return coupling(jnp.full_like(like, 1.0) * like.shape[0] * gamma, 0.0)


def pooled_coupling(lam: Scalar, like: Float[Array, " task"]) -> Float[Array, "task task"]:
    """B = lam 1 1^T, the limit gamma -> 0: one hyperplane for all tasks."""
    return coupling(jnp.zeros_like(like), lam)


def _rule(eq: Equivalent, ytil: Array, threshold: Array | None = None) -> Rule:
    prediction = predict(eq, ytil)
    threshold = midpoint(prediction) if threshold is None else threshold
    return Rule(ytil, threshold, prediction, error_at(prediction.mean, prediction.variance, threshold))


def classical(eq: Equivalent, counts: Num[Array, "task 2"]) -> Rule:
    """+-1 labels (centred per task) and threshold 0."""
    return _rule(eq, signed_labels(counts, eq.K.dtype), jnp.zeros_like(eq.delta))


def signed_midpoint(eq: Equivalent, counts: Num[Array, "task 2"]) -> Rule:
    """+-1 labels (centred per task) and the mid-point threshold."""
    return _rule(eq, signed_labels(counts, eq.K.dtype))


def with_labels(eq: Equivalent, ytil: Float[Array, "task 2"]) -> Rule:
    """Given centred labels and the mid-point threshold."""
    return _rule(eq, ytil)


def optimal(eq: Equivalent, counts: Num[Array, "task 2"], target: Scalar, *, cutoff: float | None = None) -> Rule:
    """Labels optimal for `target` and the mid-point threshold; only the target's error is meant to be read."""
    return _rule(eq, optimal_labels(eq, counts, target, cutoff=cutoff).ytil)
