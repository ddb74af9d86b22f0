import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from mtrl.numerics.errors import BadInput
from mtrl.random_matrix.classification_problem import (
    Params,
    bayes_error,
    mean_differences,
    membership,
    related_means,
    sample,
)
from tests.helpers import assert_close, assert_mean


def test_related_means_have_the_stated_norms_and_cosines():
    beta = jnp.array([0.8, -0.5, 0.0])
    dmu = np.asarray(mean_differences(related_means(beta, norm=2.0, dim=7)))
    expected = 4 * np.array([[1, -0.4, 0, 0.8], [-0.4, 1, 0, -0.5], [0, 0, 1, 0], [0.8, -0.5, 0, 1]])
    assert_close("Gram matrix of related means", dmu @ dmu.T, expected, 1e-12)


def test_sample_has_the_stated_counts_means_and_covariance(key):
    counts = ((300, 200), (100, 400))
    means = related_means(jnp.array([0.5]), norm=2.0, dim=3)
    root = jnp.stack([jnp.eye(3), jnp.array([[2.0, 0, 0], [0.6, 1, 0], [0, 0.3, 0.5]])])
    data = sample(key, Params(means, root), counts=counts)
    task, label = membership(counts)
    assert np.array_equal(data.task, task) and np.array_equal(data.label, label)
    residual = np.asarray(data.X - means[data.task, data.label])
    assert_mean("noise mean", residual, 0.0)
    chosen = residual[task == 1]
    assert_mean("noise covariance", chosen[:, :, None] * chosen[:, None, :], np.asarray(root[1] @ root[1].T))


def test_bayes_error_is_the_error_of_the_matched_filter():
    means = related_means(jnp.array([0.3]), norm=1.7, dim=4)
    assert_close("Bayes error", bayes_error(means), stats.norm.cdf([-0.85, -0.85]), 1e-12)


def test_first_seed_differs_from_second():
    params = Params(related_means(jnp.array([0.3]), norm=1.0, dim=4))
    draws = [sample(jax.random.key(s), params, counts=((2, 2), (1, 1))).X for s in (0, 1)]
    assert not np.allclose(draws[0], draws[1])


def test_every_source_needs_a_direction():
    with pytest.raises(BadInput, match="dim got 3, but 3 sources and their target need 4 orthogonal directions"):
        related_means(jnp.zeros(3), norm=2.0, dim=3)
