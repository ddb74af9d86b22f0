import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtrl.random_matrix import coupling
from mtrl.random_matrix.classification.general import mean_gram_of_classes
from mtrl.random_matrix.classification.labels import optimal_labels
from mtrl.random_matrix.classification.multiclass import (
    classify,
    fit_one_vs_all,
    one_vs_all,
    predicted_accuracy,
    standardised_scores,
)
from mtrl.random_matrix.classification.problem import Mixture, sample_mixture
from mtrl.random_matrix.classification.statistics import class_mean_gram
from mtrl.random_matrix.classification.theory import midpoint, score_equivalent, score_law
from tests.helpers import assert_below, assert_close, assert_mean

DIM, COUNTS = 60, ((60, 40, 50), (40, 15, 8))
B = coupling(jnp.array([1.0, 2.0]), 3.0)


@pytest.fixture(scope="module")
def means():
    target = jnp.array([3.0, 2.0, 1.5])[:, None] * jnp.eye(3, DIM)  # classes of different separation
    source = target @ jnp.eye(DIM).at[1, 1].set(-1.0) + 0.7 * jnp.eye(
        3, DIM, k=4
    )  # class 2 points the other way in the source
    return jnp.stack([source, target])


@jax.jit
def theory_of(means):
    n = jnp.asarray(COUNTS)
    eq = score_equivalent(mean_gram_of_classes(means, n), n, B, dim=DIM)
    model = one_vs_all(eq, n, 1)
    return eq, model, predicted_accuracy(jax.random.key(0), model)


@functools.partial(jax.jit, static_argnames="seeds")
def simulate(key, means, model, *, seeds):
    def once(key):
        train, test = jax.random.split(key)
        fits = fit_one_vs_all(sample_mixture(train, Mixture(means), counts=COUNTS), model, B)
        fresh = sample_mixture(test, Mixture(means[1:]), counts=((50, 50, 50),))
        z = standardised_scores(fits, model, fresh.X, 1).reshape(3, 50, 3)
        raw = z * model.scale + model.middle
        hit = classify(fits, model, fresh.X, 1).reshape(3, 50) == jnp.arange(3)[:, None]
        hit_raw = jnp.argmax(raw, -1) == jnp.arange(3)[:, None]
        return raw.mean(1), raw.var(1, ddof=1), hit.mean(1), hit_raw.mean(1)

    return jax.lax.map(once, jax.random.split(key, seeds), batch_size=20)


def test_scores_and_accuracy_follow_the_theory(key, means):
    _, model, accuracy = theory_of(means)
    mean, variance, hit, hit_raw = simulate(key, means, model, seeds=200)
    assert_mean("mean of score c on class j", mean, model.mean.T, sigmas=4, bias=0.02)
    ratio = np.asarray(variance).mean(1) / np.asarray(model.scale) ** 2
    assert_mean("variance of score c", ratio, np.ones(3), sigmas=4, bias=0.04)
    assert_mean("accuracy per class", hit, accuracy, sigmas=4, bias=0.01 + 0.016)  # 4096 draws: 2 se = .016
    assert_below("raw argmax loses to standardised scores", hit_raw.mean(1), hit.mean(1))


def test_two_classes_give_the_midpoint_rule(key):
    counts = ((20, 12), (8, 10))
    means = jnp.zeros((2, 2, 30)).at[:, 0, 0].set(2.0).at[0, 1, 1].set(1.0)
    n = jnp.asarray(counts)

    @jax.jit
    def both(data, X):
        eq = score_equivalent(mean_gram_of_classes(means, n), n, B, dim=30)
        model = one_vs_all(eq, n, 1)
        fits = fit_one_vs_all(data, model, B)
        law = score_law(eq, optimal_labels(eq, n, 1).ytil)
        scores = standardised_scores(fits, model, X, 1)[:, 0] * model.scale[0] + model.middle[0]
        return classify(fits, model, X, 1), scores > midpoint(law)[1]

    data, X = sample_mixture(key, Mixture(means), counts=counts), jax.random.normal(key, (200, 30))
    winner, above = both(data, X)
    assert np.array_equal(np.asarray(winner) == 0, np.asarray(above))
    shift = jnp.array([3.0, -2.0])[:, None] * jnp.ones(30)  # of a whole task: its own centring removes it
    moved, _ = both(data._replace(X=data.X + shift[data.task]), X + shift[1])
    assert np.array_equal(moved, winner)


def test_statistics_of_three_classes_are_unbiased(key, means):
    estimate = jax.jit(jax.vmap(lambda k: class_mean_gram(sample_mixture(k, Mixture(means), counts=COUNTS), 2, 3)))
    estimates = estimate(jax.random.split(key, 300))
    assert_mean("M of three classes", estimates, mean_gram_of_classes(means, jnp.asarray(COUNTS)))


def test_labels_are_centred_and_scaled(means):
    _, model, _ = theory_of(means)
    n = jnp.asarray(COUNTS, float)
    assert_close("centred", jnp.einsum("ptc,tc->pt", model.ytil, n), np.zeros((3, 2)), atol=1e-9)
    rest = [(n[1] * model.ytil[c, 1]).at[c].set(0).sum() / n[1].at[c].set(0).sum() for c in range(3)]
    assert_close("gap", jnp.diagonal(model.ytil[:, 1]) - jnp.stack(rest), 2 * np.ones(3), 1e-9)
