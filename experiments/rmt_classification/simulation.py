"""Simulations of the study: train on fresh Gaussian samples, read off the target's exact error given the fit."""

from experiments.rmt_classification.predictions import Plan, tuned_plan
from mtrl import random_matrix
from mtrl.harness import jax, jnp, split_named
from mtrl.numerics.linalg import psd


def target_moments(data, plan: Plan, means):
    """Score mean (2,) and variance () of the last task, exact given the fit."""
    fitted = random_matrix.classification.fit(data, plan.ytil, plan.B)
    mean, variance = random_matrix.classification.score_moments(fitted, means)
    return fitted, mean[-1], variance[-1]


def target_error(data, plan: Plan, means):
    """Exact error of the target given the fit, at the planned threshold."""
    _, mean, variance = target_moments(data, plan, means)
    return random_matrix.classification.error_at(mean, variance, plan.threshold)


def errors_of_plans(key, means, plans: Plan, *, counts):
    """Errors (point, rule): all rules on the same training set; every point of a sweep draws its own, so that means over points gain.

    Args:
      key: of the seed.
      means: (point, task, 2, dim).
      plans: leaves with leading axes (point, rule).
      counts: n_ij, static.
    """

    def at_point(inputs):
        point, means, plans = inputs
        data = random_matrix.classification.sample_mixture(
            jax.random.fold_in(key, point), random_matrix.classification.Mixture(means), counts=counts
        )
        return jax.vmap(lambda plan: target_error(data, plan, means))(plans)

    return jax.lax.map(at_point, (jnp.arange(means.shape[0]), means, plans))


def practical_errors(key, means, gammas, lams, *, counts):
    """Errors (point,) when everything comes from the training data: Gram matrix, optimal labels, threshold, gamma and lam.

    The training sets are those of `errors_of_plans`.
    """
    n = jnp.asarray(counts)

    def at_point(inputs):
        point, means = inputs
        data = random_matrix.classification.sample_mixture(
            jax.random.fold_in(key, point), random_matrix.classification.Mixture(means), counts=counts
        )
        gram = psd.nearest_psd(random_matrix.classification.gram_corrected(data, len(counts)))
        plan = tuned_plan(gram, n, jnp.ones(len(counts)), gammas, lams, dim=means.shape[-1], rule="optimal")
        return target_error(data, plan, means)

    return jax.lax.map(at_point, (jnp.arange(means.shape[0]), means))


def scores_of_plans(key, means, plans: Plan, *, counts, points: int):
    """Exact errors (case,) and scores (case, 2, points) of fresh target samples per class."""
    keys = split_named(key, "train", "test")

    def at_case(inputs):
        means, plan = inputs
        data = random_matrix.classification.sample_mixture(
            keys["train"], random_matrix.classification.Mixture(means), counts=counts
        )
        fitted, mean, variance = target_moments(data, plan, means)
        fresh = random_matrix.classification.sample_mixture(
            keys["test"], random_matrix.classification.Mixture(means[-1:]), counts=((points, points),)
        )
        last = jnp.full(2 * points, means.shape[0] - 1)
        return random_matrix.classification.error_at(
            mean, variance, plan.threshold
        ), random_matrix.classification.score(fitted, fresh.X, last).reshape(2, points)

    return jax.lax.map(at_case, (means, plans))
