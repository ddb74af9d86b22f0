"""Rules compared in the paper: which labels, which threshold, which coupling.

| rule | labels | threshold | coupling |
| --- | --- | --- | --- |
| single task | any | mid-point | `single_task_coupling(gamma, k)` |
| "classical" multi-task | +-1 | 0 | diag(gamma) + lam 1 1^T |
| "midpoint" | +-1 | (m_1 + m_2)/2 | same |
| pooled | any | mid-point | `pooled_coupling(lam, k)`, the limit gamma -> 0 |
| "optimal" | `optimal_labels` | (m_1 + m_2)/2 | same |
"""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from mtrl.numerics.checks import check_choice
from mtrl.numerics.types import Scalar
from mtrl.random_matrix.classification.labels import optimal_labels, signed_labels
from mtrl.random_matrix.classification.problem import Table, floating
from mtrl.random_matrix.classification.theory import ScoreEquivalent, ScoreLaw, error_at, midpoint, score_law
from mtrl.random_matrix.couplings import coupling

RULES = ("classical", "midpoint", "optimal")


class Rule(NamedTuple):
    """Labels and thresholds of a classifier, with the predicted law and error of its scores."""

    ytil: Float[Array, "task 2"]
    threshold: Float[Array, " task"]
    law: ScoreLaw
    error: Float[Array, " task"]  # predicted, equal priors


def single_task_coupling(gamma: Scalar, tasks: int) -> Float[Array, "task task"]:
    """B = k gamma I: independent least-squares SVMs.

    The single-task machine divides by p where the joint one divides by kp, so its gamma is k times larger here.

    Args:
      gamma: of the single-task machine.
      tasks: k.
    """
    return coupling(jnp.full(tasks, tasks * floating(gamma)), 0.0)


def pooled_coupling(lam: Scalar, tasks: int) -> Float[Array, "task task"]:
    """B = lam 1 1^T, the limit gamma -> 0: one hyperplane for all tasks."""
    return coupling(jnp.zeros(tasks, floating(lam).dtype), lam)


def with_labels(eq: ScoreEquivalent, ytil: Table, threshold: Float[Array, " task"] | None = None) -> Rule:
    """Given centred labels and thresholds, by default the mid-point ones."""
    ytil = jnp.asarray(ytil, eq.K.dtype)
    law = score_law(eq, ytil)
    threshold = midpoint(law) if threshold is None else threshold
    return Rule(ytil, threshold, law, error_at(law.mean, law.variance, threshold))


def apply_rule(eq: ScoreEquivalent, counts: Table, rule: str = "optimal", *, target: Scalar | None = None) -> Rule:
    """The labels, thresholds and predicted errors of one of `RULES`.

    Args:
      eq: deterministic equivalent.
      counts: n_ij.
      rule: name from the table above.
      target: task whose labels are optimised (the last one when None); of "optimal" only its error is meant to be read.
    """
    check_choice("rule", rule, RULES)
    if rule == "optimal":
        return with_labels(eq, optimal_labels(eq, counts, eq.delta.size - 1 if target is None else target).ytil)
    return with_labels(eq, signed_labels(counts, eq.K.dtype), jnp.zeros_like(eq.delta) if rule == "classical" else None)
