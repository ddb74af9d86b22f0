"""Closed forms of the study: which labels, threshold and coupling each rule uses, and the error it is predicted to have.

The target is always the last task. Tasks that take no part have `active` 0: their row of B is zero and B is rescaled, which is exactly
the machine trained on the active tasks alone, so one compiled program serves every number of sources (and the single task).
"""

from typing import NamedTuple

from mtrl import random_matrix
from mtrl.harness import jax, jnp


class Plan(NamedTuple):
    """What a classifier needs besides its training data, and its prediction for the target."""

    B: "jax.Array"  # (task, task)
    ytil: "jax.Array"  # (task, 2)
    threshold: "jax.Array"  # () of the target
    mean: "jax.Array"  # (2,) predicted score means of the target
    variance: "jax.Array"  # ()
    error: "jax.Array"  # () predicted error of the target
    finite: "jax.Array"  # () the same with the noise of the target's own training mean, 1/n of the variance, which vanishes in the limit


def active_coupling(gamma, lam, active):
    """Coupling of the active tasks, in the normalisation 1/(kp) of all k tasks."""
    k = active.shape[0]
    return random_matrix.coupling(jnp.full(k, 1.0) * gamma, lam) * active[:, None] * active * k / active.sum()


def planned(B, rule: "random_matrix.classification.Rule", counts) -> Plan:
    """The plan of given labels and thresholds for the last task."""
    law, wider = rule.law, random_matrix.classification.with_centring_noise(rule.law, counts)
    finite = random_matrix.classification.error_at(wider.mean, wider.variance, rule.threshold)
    return Plan(B, rule.ytil, rule.threshold[-1], law.mean[-1], law.variance[-1], rule.error[-1], finite[-1])


def plan(gram, counts, B, *, dim: int, rule: str) -> Plan:
    """Labels and threshold of `rule` (classical, midpoint or optimal) for the last task."""
    eq = random_matrix.classification.score_equivalent(
        random_matrix.classification.mean_gram(gram, counts), counts, B, dim=dim
    )
    return planned(B, random_matrix.classification.apply_rule(eq, counts, rule), counts)


def tuned_plan(gram, counts, active, gammas, lams, *, dim: int, rule: str) -> Plan:
    """The plan with the smallest predicted error on the grid gammas x lams (gamma common to all tasks)."""
    best = random_matrix.classification.tune_grid(
        lambda gamma, lam: plan(gram, counts, active_coupling(gamma, lam, active), dim=dim, rule=rule).error,
        gammas=gammas,
        lams=lams,
    )
    return plan(gram, counts, active_coupling(best.gamma, best.lam, active), dim=dim, rule=rule)


def single_task_plan(gram, counts, gammas, *, dim: int) -> Plan:
    """The target alone, gamma tuned (its labels do not matter)."""
    active = (jnp.arange(counts.shape[0]) == counts.shape[0] - 1).astype(gram.dtype)
    return tuned_plan(gram, counts, active, gammas, jnp.zeros(1, gram.dtype), dim=dim, rule="midpoint")


def stack(plans: list[Plan]) -> Plan:
    """Plans of several rules along one leading axis."""
    return jax.tree.map(lambda *x: jnp.stack(x), *plans)


def similarity_gram(similarity, norm):
    """Gram matrix of mean differences of sources with cosines `similarity` to the target, the last task; sources meet through it alone."""
    beta = jnp.append(similarity, 1.0)
    gram = norm**2 * beta[:, None] * beta
    return gram.at[jnp.diag_indices(beta.size)].set(norm**2)
