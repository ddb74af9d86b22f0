"""The last task as target: what several rules of labels and threshold predict for it and what their fits do, on one compiled program.

Tasks that take no part have `active` 0: their row of B is zero and B is rescaled, which is exactly the machine trained on the active
tasks alone, so one program serves every number of sources (and the single task). The rule is a traced number too.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Real

from mtrl.numerics.keys import split_named
from mtrl.numerics.linalg.psd import nearest_psd
from mtrl.numerics.types import PRNGKey, Scalar
from mtrl.random_matrix.classification.baselines import pooled_coupling
from mtrl.random_matrix.classification.estimator import Machine, fit, score, score_moments
from mtrl.random_matrix.classification.labels import center_labels, optimal_labels, signed_labels
from mtrl.random_matrix.classification.problem import Mixture, Samples, related_means, sample_mixture
from mtrl.random_matrix.classification.statistics import gram_corrected
from mtrl.random_matrix.classification.theory import (
    error_at,
    mean_gram,
    midpoint,
    score_equivalent,
    score_law,
    with_centring_noise,
)
from mtrl.random_matrix.classification.tuning import tune_grid
from mtrl.random_matrix.couplings import coupling

LABELLINGS = ("classical", "midpoint", "optimal", "custom")
# Other words for labels and threshold together with a coupling: one task alone, all data as one task, tuned strengths.
SAME_LABELS = {"single": "midpoint", "pooled": "midpoint", "signed": "classical", "tuned": "optimal"}


class TargetPlan(NamedTuple):
    """What a classifier needs besides its training data, and its prediction for the target."""

    B: Float[Array, "*batch task task"]
    ytil: Float[Array, "*batch task 2"]
    threshold: Float[Array, "*batch"]  # of the target
    mean: Float[Array, "*batch 2"]  # predicted score means of the target
    variance: Float[Array, "*batch"]
    error: Float[Array, "*batch"]  # predicted error of the target
    finite: Float[
        Array, "*batch"
    ]  # the same with the noise of the target's own training mean, 1/n of the variance, which vanishes


def labelling(rules: Sequence[str]) -> Int[np.ndarray, " rule"]:
    """Places of rules in LABELLINGS; "classical" is +-1 labels with threshold 0, the others take the mid-point of the means."""
    return np.array([LABELLINGS.index(SAME_LABELS.get(rule, rule)) for rule in rules])


def coupling_of_active(gamma: Any, lam: Scalar, active: Float[Array, " task"]) -> Float[Array, "task task"]:
    """Coupling of the active tasks (1, else 0), in the normalisation 1/(kp) of all k tasks; gamma is common or (task,)."""
    k = active.shape[0]
    return coupling(jnp.full(k, 1.0) * gamma, lam) * active[:, None] * active * k / active.sum()


def plan_target(
    gram: Float[Array, "task task"],
    counts: Real[Array, "task 2"],
    B: Float[Array, "task task"],
    kind: Any,
    *,
    dim: int,
    labels: Float[Array, "task 2"] | None = None,
) -> TargetPlan:
    """Labels and threshold of the last task.

    Args:
      gram: dmu_i . dmu_j.
      counts: samples per task and class.
      B: coupling.
      kind: place in LABELLINGS, may be traced.
      dim: p.
      labels: those of the kind "custom", centred here.
    """
    eq = score_equivalent(mean_gram(gram, counts), counts, B, dim=dim)
    optimal = optimal_labels(eq, counts, eq.delta.size - 1).ytil
    ytil = jnp.where(kind == LABELLINGS.index("optimal"), optimal, signed_labels(counts, eq.K.dtype))
    if labels is not None:
        ytil = jnp.where(kind == LABELLINGS.index("custom"), center_labels(labels, counts), ytil)
    law = score_law(eq, ytil)
    threshold = jnp.where(kind == LABELLINGS.index("classical"), 0.0, midpoint(law))
    error, finite = (error_at(part.mean, part.variance, threshold) for part in (law, with_centring_noise(law, counts)))
    return TargetPlan(B, ytil, threshold[-1], law.mean[-1], law.variance[-1], error[-1], finite[-1])


def tuned_active_coupling(
    gram: Float[Array, "task task"],
    counts: Real[Array, "task 2"],
    active: Float[Array, " task"],
    gammas: Float[Array, " gamma"],
    lams: Float[Array, " lam"],
    kind: Any,
    *,
    dim: int,
) -> Float[Array, "task task"]:
    """The coupling with the smallest predicted error on the grid gammas x lams (gamma common to all tasks)."""

    def error(gamma, lam):
        return plan_target(gram, counts, coupling_of_active(gamma, lam, active), kind, dim=dim).error

    best = tune_grid(error, gammas=gammas, lams=lams)
    return coupling_of_active(best.gamma, best.lam, active)


def similarity_gram(similarity: Float[Array, " source"], norm: Scalar) -> Float[Array, "task task"]:
    """Gram matrix of mean differences of sources with cosines `similarity` to the target, the last task; sources meet through it alone."""
    beta = jnp.append(similarity, 1.0)
    gram = norm**2 * beta[:, None] * beta
    return gram.at[jnp.diag_indices(beta.size)].set(norm**2)


def plans_along(sweep: Mapping[str, Any], fixed: Mapping[str, Any], *, dim: int, rules: tuple[str, ...]) -> TargetPlan:
    """Plans (point, rule) of a sweep.

    Args:
      sweep, fixed: what varies with the point and what does not: similarity (source,), norm, counts (task, 2), gamma, lam; where needed
        grid and lams (the tuning grids), active, labels.
      dim: p.
      rules: words of LABELLINGS or SAME_LABELS.
    """

    def planned(similarity, norm, counts, gamma, lam, grid: Any = None, lams: Any = None, active=None, labels=None):
        gram, k = similarity_gram(similarity, norm), similarity.size + 1
        active, lams = jnp.ones(k) if active is None else active, grid if lams is None else lams
        B = dict.fromkeys(rules, coupling_of_active(gamma, lam, active))
        if "pooled" in rules:
            B["pooled"] = pooled_coupling(lam, k)
        tuned = [rule for rule in rules if rule in ("single", "tuned")]
        if tuned:
            takes_part = jnp.stack([jnp.zeros(k).at[-1].set(1.0) if rule == "single" else active for rule in tuned])
            strengths = jnp.stack([jnp.zeros_like(lams) if rule == "single" else lams for rule in tuned])

            def search(part, lams, kind):
                return tuned_active_coupling(gram, counts, part, grid, lams, kind, dim=dim)

            found = jax.vmap(search)(takes_part, strengths, labelling(tuned))
            B |= dict(zip(tuned, found, strict=True))
        each = jax.vmap(lambda B, kind: plan_target(gram, counts, B, kind, dim=dim, labels=labels))
        return each(jnp.stack([B[rule] for rule in rules]), labelling(rules))

    return jax.lax.map(lambda one: planned(**fixed, **one), sweep)


def target_moments(
    data: Samples, plan: TargetPlan, means: Float[Array, "task 2 dim"]
) -> tuple[Machine, Float[Array, " 2"], Float[Array, ""]]:
    """The fit, and score means (2,) and variance () of the last task, exact given it."""
    fitted = fit(data, plan.ytil, plan.B)
    mean, variance = score_moments(fitted, means)
    return fitted, mean[-1], variance[-1]


def plan_errors(
    key: PRNGKey,
    similarity: Float[Array, "*point source"],
    norm: Scalar,
    plans: TargetPlan,
    grid: Float[Array, " grid"] | None = None,
    *,
    counts: tuple[tuple[int, int], ...],
    dim: int,
) -> Float[Array, "point rule"]:
    """Exact target errors given the fits: all rules on one training set, every point its own.

    Args:
      key: of the training sets.
      similarity, norm: of the means, see `related_means`; similarity may vary with the point.
      plans: from `plans_along`.
      grid: one rule more if given, the last: Gram matrix, optimal labels, threshold, gamma and lam all from the training data.
      counts, dim: sizes.
    """
    points = plans.error.shape[0]

    def at_point(inputs):
        point, similarity, plans = inputs
        means = related_means(similarity, norm=norm, dim=dim)
        data = sample_mixture(jax.random.fold_in(key, point), Mixture(means), counts=counts)
        if grid is not None:
            k, n, kind = len(counts), jnp.asarray(counts), LABELLINGS.index("optimal")
            gram = nearest_psd(gram_corrected(data, k))
            B = tuned_active_coupling(gram, n, jnp.ones(k), grid, grid, kind, dim=dim)
            own = plan_target(gram, n, B, kind, dim=dim)
            plans = jax.tree.map(lambda x, y: jnp.concatenate([x, y[None]]), plans, own)

        def error(plan):
            _, mean, variance = target_moments(data, plan, means)
            return error_at(mean, variance, plan.threshold)

        return jax.vmap(error)(plans)

    similarity = jnp.broadcast_to(similarity, (points, len(counts) - 1))
    return jax.lax.map(at_point, (jnp.arange(points), similarity, plans))


def plan_scores(
    key: PRNGKey,
    similarity: Float[Array, "point source"],
    norm: Scalar,
    plans: TargetPlan,
    *,
    counts: tuple[tuple[int, int], ...],
    dim: int,
    fresh: int,
) -> tuple[Float[Array, " point"], Float[Array, "point 2 sample"]]:
    """Exact target errors given the fits, and scores of `fresh` new target samples per class; every point on the same noise.

    Args:
      key: of the training set and the new samples.
      similarity, norm: of the means, see `related_means`.
      plans: one a point.
      counts, dim: sizes.
      fresh: new samples per class.
    """
    keys = split_named(key, "train", "test")

    def at_point(inputs):
        similarity, plan = inputs
        means = related_means(similarity, norm=norm, dim=dim)
        data = sample_mixture(keys["train"], Mixture(means), counts=counts)
        fitted, mean, variance = target_moments(data, plan, means)
        new = sample_mixture(keys["test"], Mixture(means[-1:]), counts=((fresh, fresh),))
        scores = score(fitted, new.X, jnp.full(2 * fresh, len(counts) - 1))
        return error_at(mean, variance, plan.threshold), scores.reshape(2, fresh)

    return jax.lax.map(at_point, (similarity, plans))
