"""Simulations of the study: train on fresh Gaussian samples, read off the target's exact error given the fit."""

import jax
import jax.numpy as jnp

from experiments.rmt_classification.predictions import Plan, tuned_plan
from mtrl.numerics.keys import split_named
from mtrl.numerics.linalg.psd import nearest_psd
from mtrl.random_matrix.classification import (
    Mixture,
    error_at,
    fit,
    gram_corrected,
    sample_mixture,
    score,
    score_moments,
)


def target_moments(data, plan: Plan, means):
    """Score mean (2,) and variance () of the last task, exact given the fit."""
    fitted = fit(data, plan.ytil, plan.B)
    mean, variance = score_moments(fitted, means)
    return fitted, mean[-1], variance[-1]


def target_error(data, plan: Plan, means):
    """Exact error of the target given the fit, at the planned threshold."""
    _, mean, variance = target_moments(data, plan, means)
    return error_at(mean, variance, plan.threshold)


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
        data = sample_mixture(jax.random.fold_in(key, point), Mixture(means), counts=counts)
        return jax.vmap(lambda plan: target_error(data, plan, means))(plans)

    return jax.lax.map(at_point, (jnp.arange(means.shape[0]), means, plans))


def practical_errors(key, means, gammas, lams, *, counts):
    """Errors (point,) when everything comes from the training data: Gram matrix, optimal labels, threshold, gamma and lam.

    The training sets are those of `errors_of_plans`.
    """
    n = jnp.asarray(counts)

    def at_point(inputs):
        point, means = inputs
        data = sample_mixture(jax.random.fold_in(key, point), Mixture(means), counts=counts)
        gram = nearest_psd(gram_corrected(data, len(counts)))
        plan = tuned_plan(gram, n, jnp.ones(len(counts)), gammas, lams, dim=means.shape[-1], rule="optimal")
        return target_error(data, plan, means)

    return jax.lax.map(at_point, (jnp.arange(means.shape[0]), means))


def scores_of_plans(key, means, plans: Plan, *, counts, points: int):
    """Exact errors (case,) and scores (case, 2, points) of fresh target samples per class."""
    keys = split_named(key, "train", "test")

    def at_case(inputs):
        means, plan = inputs
        data = sample_mixture(keys["train"], Mixture(means), counts=counts)
        fitted, mean, variance = target_moments(data, plan, means)
        fresh = sample_mixture(keys["test"], Mixture(means[-1:]), counts=((points, points),))
        last = jnp.full(2 * points, means.shape[0] - 1)
        return error_at(mean, variance, plan.threshold), score(fitted, fresh.X, last).reshape(2, points)

    return jax.lax.map(at_case, (means, plans))
