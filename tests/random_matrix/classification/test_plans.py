"""Plans of the last task against the rules of the wing, and tasks that take no part against a problem without them."""

import functools

import jax
import jax.numpy as jnp
import numpy as np

from mtrl.numerics.keys import split_named
from mtrl.random_matrix import coupling
from mtrl.random_matrix.classification import (
    LABELLINGS,
    center_labels,
    coupling_of_active,
    error_at,
    fit,
    labelling,
    mean_differences,
    plan_errors,
    plan_scores,
    plan_target,
    plans_along,
    predicted_error,
    related_means,
    sample_mixture,
    score_moments,
    similarity_gram,
    tune,
)
from mtrl.random_matrix.classification.problem import Mixture
from tests.helpers import assert_close

COUNTS, DIM = ((20, 30), (8, 6)), 12
N, BETA, NORM = jnp.asarray(COUNTS), jnp.array([-0.5]), 2.0
GRID = jnp.array([0.1, 1.0, 10.0])
FIXED = dict(similarity=BETA, norm=NORM, counts=N, gamma=1.0, grid=GRID, labels=jnp.array([[0.6, -0.9], [1.0, -1.0]]))
RULES = ("classical", "midpoint", "optimal", "custom", "single", "tuned")
along = jax.jit(functools.partial(plans_along, dim=DIM, rules=RULES))
PLANS = along(dict(lam=jnp.array([0.5, 3.0])), FIXED)
GRAM = similarity_gram(BETA, NORM)


def test_gram_is_that_of_the_means():
    beta = jnp.array([0.8, -0.3, 0.0])
    difference = np.asarray(jax.jit(lambda beta: mean_differences(related_means(beta, norm=2.5, dim=9)))(beta))
    assert_close("Gram matrix", similarity_gram(beta, 2.5), difference @ difference.T, rtol=1e-12, atol=1e-12)


def test_errors_are_those_of_the_rules():
    """±1 labels at both thresholds and optimal labels by `predicted_error`; the tuned ones by `tune`."""
    error = dict(zip(RULES, np.asarray(PLANS.error).T, strict=True))
    predicted = jax.jit(functools.partial(predicted_error, dim=DIM, target=1), static_argnames="rule")
    for rule, name in (("optimal", "optimal"), ("midpoint", "midpoint"), ("classical", "classical")):
        assert_close(rule, error[rule][1], predicted(GRAM, N, 1.0, 3.0, rule=name), rtol=1e-9)
    best = jax.jit(functools.partial(tune, dim=DIM, target=1))(GRAM, N, gammas=GRID, lams=GRID)
    assert_close("tuned", error["tuned"], best.error, rtol=1e-9)
    assert (np.asarray(PLANS.finite) >= np.asarray(PLANS.error) - 1e-12).all(), "noise of the mean never helps"
    custom = LABELLINGS.index("custom")
    assert_close("custom labels are centred", PLANS.ytil[0, custom], center_labels(FIXED["labels"], N), rtol=1e-12)


def test_a_task_that_takes_no_part_is_not_there():
    """The target's plan with a silent source is the plan of the target alone."""
    silent = coupling_of_active(0.7, 2.0, jnp.array([0.0, 1.0]))
    kind = labelling(("single",))[0]
    plan = jax.jit(functools.partial(plan_target, dim=DIM))
    with_source = plan(GRAM, N, silent, kind)
    alone = plan(np.asarray(GRAM)[1:, 1:], np.asarray(COUNTS)[1:], coupling(np.array([0.7]), 2.0), kind)
    for name in ("threshold", "mean", "variance", "error", "finite"):
        assert_close(name, getattr(with_source, name), getattr(alone, name), rtol=1e-9, atol=1e-12)


def test_trained_errors_are_exact_given_the_fit(key):
    found = jax.jit(functools.partial(plan_errors, counts=COUNTS, dim=DIM))(key, BETA, NORM, PLANS, GRID)
    assert found.shape == (2, len(RULES) + 1) and np.isfinite(found).all()
    rule = RULES.index("midpoint")

    @jax.jit
    def expected(key, ytil, B, threshold):
        means = related_means(BETA, norm=NORM, dim=DIM)
        data = sample_mixture(jax.random.fold_in(key, 1), Mixture(means), counts=COUNTS)
        mean, variance = score_moments(fit(data, ytil, B), means)
        return error_at(mean[1], variance[1], threshold)

    again = expected(key, *(np.asarray(part)[1, rule] for part in (PLANS.ytil, PLANS.B, PLANS.threshold)))
    assert_close("second point, ±1 labels", np.asarray(found)[1, rule], again, rtol=1e-9)


def test_scores_of_new_samples_follow_the_moments_of_the_fit(key):
    """Means of 4000 new scores per class within 5 standard errors of the exact ones: a false alarm in 10^6."""
    plans = jax.tree.map(lambda x: x[:1, RULES.index("midpoint")], PLANS)
    sizes = dict(counts=COUNTS, dim=DIM, fresh=4000)
    error, scores = jax.jit(functools.partial(plan_scores, **sizes))(key, BETA[None], NORM, plans)
    means = related_means(BETA, norm=NORM, dim=DIM)
    data = sample_mixture(split_named(key, "train", "test")["train"], Mixture(means), counts=COUNTS)
    mean, variance = score_moments(fit(data, plans.ytil[0], plans.B[0]), means)
    scores, mean, variance = np.asarray(scores)[0], np.asarray(mean)[-1], float(variance[-1])
    assert (np.abs(scores.mean(1) - mean) < 5 * np.sqrt(variance / 4000)).all()
    wrong = np.stack([scores[0] < plans.threshold[0], scores[1] > plans.threshold[0]]).mean()
    assert abs(wrong - float(error[0])) < 5 * np.sqrt(0.25 / 8000), "share of wrong answers, the same false-alarm rate"
