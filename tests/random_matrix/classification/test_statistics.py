import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtrl.numerics.errors import BadInput
from mtrl.numerics.linalg.psd import nearest_psd
from mtrl.random_matrix import coupling
from mtrl.random_matrix.classification import statistics, theory
from mtrl.random_matrix.classification.estimator import fit, score_moments
from mtrl.random_matrix.classification.labels import optimal_labels
from mtrl.random_matrix.classification.problem import Mixture, Samples, mean_differences, related_means, sample_mixture
from tests.helpers import assert_close, assert_mean
from tests.random_matrix.classification.settings import error_midpoint, isotropic, optimal, score_law

COUNTS = ((150, 60), (20, 35))
PARAMS = Mixture(related_means(jnp.array([0.3]), norm=2.0, dim=100))


@jax.jit
def estimates(key):
    data = sample_mixture(key, PARAMS, counts=COUNTS)
    return statistics.gram_corrected(data, 2), statistics.gram_split(data, 2)


def test_both_estimators_are_unbiased(key):
    dmu = mean_differences(PARAMS.means)
    keys = jax.random.split(key, 300)
    corrected, split = jax.jit(jax.vmap(estimates))(keys)
    assert_mean("corrected", corrected, dmu @ dmu.T)
    assert_mean("split in halves", split, dmu @ dmu.T)
    assert np.asarray(split)[:, 1, 1].std() > np.asarray(corrected)[:, 1, 1].std(), "splitting costs accuracy"


def test_only_the_split_estimator_survives_other_covariances(key):
    root = jnp.broadcast_to(1.5 * jnp.eye(100), (2, 100, 100))
    params, dmu = PARAMS._replace(roots=root), mean_differences(PARAMS.means)

    @jax.jit
    @jax.vmap
    def both(key):
        data = sample_mixture(key, params, counts=((30, 40), (20, 35)))
        return statistics.gram_corrected(data, 2), statistics.gram_split(data, 2)

    corrected, split = both(jax.random.split(key, 200))
    assert_mean("split in halves", split, dmu @ dmu.T)
    assert float(corrected[:, 1, 1].mean()) > 4 + 5, "1.25 p (1/20 + 1/35) too large"


def test_odd_classes_split_in_halves_of_every_group():
    data = Samples(jnp.zeros((7, 1)), jnp.array([0, 0, 0, 0, 0, 1, 1]), jnp.array([0, 0, 1, 0, 1, 1, 0]))
    assert statistics.half_of_class(data, 2).tolist() == [1, 0, 1, 1, 0, 1, 1]
    assert_close("counts", statistics.class_counts(data, 2), [[3, 2], [1, 1]])


def test_class_mean_gram_of_two_classes_is_the_corrected_one(key):
    @jax.jit
    def both(key):
        data = sample_mixture(key, PARAMS, counts=COUNTS)
        reference = theory.mean_gram(statistics.gram_corrected(data, 2), jnp.asarray(COUNTS))
        return statistics.class_mean_gram(data, 2, 2), reference

    assert_close("M", *both(key), 1e-10)


def test_whitening_gives_unit_within_class_covariance(key):
    root = jnp.stack([jnp.diag(jnp.linspace(0.3, 3, 5))] * 2)
    params = Mixture(related_means(jnp.array([0.3]), norm=2.0, dim=5), root)
    data = jax.jit(lambda key: sample_mixture(key, params, counts=((4000, 3000), (5000, 4000))))(key)
    T = np.asarray(jax.jit(lambda data: statistics.whitening(data, 2, shrinkage=1e-9))(data))
    assert_close("whitened covariance", T @ np.asarray(root[0] ** 2) @ T, np.eye(5), 0.06)


def test_whitening_is_the_root_of_the_unbiased_shrunk_covariance(key):
    """(.9 S + .1 (tr S/p) I)^-1/2 with S the within-class covariance, n - kc degrees of freedom: E S = Sigma however few the samples."""
    counts, params = ((3, 2), (4, 2)), Mixture(related_means(jnp.array([0.3]), norm=2.0, dim=3))

    @jax.jit
    @jax.vmap
    def draw(key):
        data = sample_mixture(key, params, counts=counts)
        return data, statistics.whitening(data, 2, shrinkage=0.2), statistics.whitening(data, 2, shrinkage=1.0)

    data, roots, flat = draw(jax.random.split(key, 300))
    pooled = np.linalg.inv(np.asarray(roots[0] @ roots[0]))
    groups = [np.asarray(data.X[0])[(data.task[0] == i) & (data.label[0] == j)] for i in range(2) for j in range(2)]
    S = sum(np.cov(x, rowvar=False) * (len(x) - 1) for x in groups) / (11 - 4)
    assert_close("shrunk covariance", pooled, 0.8 * S + 0.2 * np.trace(S) / 3 * np.eye(3), 1e-10)
    assert_mean("tr S/p is unbiased", 1 / np.asarray(flat)[:, 0, 0] ** 2, 1.0)


def test_labels_from_estimated_statistics(key):
    """p = 100, |dmu| = 2, beta = .3, gamma = 1, lam = 10: reference run .3055 with estimated, .2952 with true statistics."""
    n, B = jnp.asarray(COUNTS), coupling(jnp.ones(2), 10.0)
    eq = isotropic(PARAMS.means, COUNTS, (1.0, 1.0), 10.0)
    true = error_midpoint(score_law(eq, optimal(eq, n, 1).ytil))[1]
    assert_close("true statistics", true, 0.2952, atol=5.1e-5, rtol=0)

    def once(key):
        data = sample_mixture(key, PARAMS, counts=COUNTS)
        gram = nearest_psd(statistics.gram_corrected(data, 2))
        guess = theory.score_equivalent(theory.mean_gram(gram, n), n, B, dim=100)
        ytil = optimal_labels(guess, n, 1).ytil
        threshold = theory.midpoint(theory.score_law(guess, ytil))
        fitted = fit(data, ytil, B)
        return theory.error_at(*score_moments(fitted, PARAMS.means), threshold)[1]

    errors = jax.jit(lambda keys: jax.lax.map(once, keys, batch_size=25))(jax.random.split(key, 200))
    assert_mean("estimated statistics", errors, 0.3055, sigmas=4, bias=0.002)


def test_single_samples_cannot_be_split():
    data = Samples(jnp.zeros((5, 1)), jnp.array([0, 0, 0, 0, 0]), jnp.array([0, 0, 1, 0, 0]))
    with pytest.raises(BadInput, match="counts got 1, .* at least 2; .* gram_corrected"):
        statistics.gram_split(data, 1)


@pytest.mark.parametrize("shrinkage", [0.0, 1.1])
def test_shrinkage_is_a_share(shrinkage):
    with pytest.raises(BadInput, match="shrinkage got"):
        statistics.shrunk_root(jnp.eye(2), shrinkage)
