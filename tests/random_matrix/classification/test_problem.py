import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from mtrl.numerics.errors import BadInput
from mtrl.random_matrix.classification.problem import (
    Mixture,
    bayes_error,
    mean_differences,
    membership,
    pack,
    related_means,
    sample_mixture,
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
    data = sample_mixture(key, Mixture(means, root), counts=counts)
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
    params = Mixture(related_means(jnp.array([0.3]), norm=1.0, dim=4))
    draws = [sample_mixture(jax.random.key(s), params, counts=((2, 2), (1, 1))).X for s in (0, 1)]
    assert not np.allclose(draws[0], draws[1])


def test_every_source_needs_a_direction():
    with pytest.raises(BadInput, match="dim got 3, but 3 sources and their target need 4 orthogonal directions"):
        related_means(jnp.zeros(3), norm=2.0, dim=3)


ROWS = dict(X=np.ones((6, 3)), task=[0, 0, 1, 1, 1, 0], label=[0, 1, 0, 1, 1, 1])


def test_pack_takes_lists_and_keeps_float32():
    data = pack([[1, 2], [3, 4]], [0, 0], [1, 0])
    assert data.X.dtype == jnp.float64 and data.task.tolist() == [0, 0] and data.label.tolist() == [1, 0]
    assert pack(**{**ROWS, "X": np.ones((6, 3), np.float32)}).X.dtype == jnp.float32


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (dict(label=[0, 1, 1, 1, 1, 1]), "class 1 of task 1 has no samples"),
        (dict(label=[0, 1, 2, 1, 1, 1]), "label got 2, but must be a whole number from 0 to 1"),
        (dict(task=[0, 0, 1, 1, 3, 0]), "class 1 of task 2 has no samples"),
        (dict(task=[0, 0, 1, 1, 7, 0], tasks=2), "task got 7, but must be a whole number from 0 to 1"),
        (dict(X=np.full((6, 3), np.nan)), "X holds nan at"),
        (dict(X=np.ones((5, 3))), "shapes"),
    ],
)
def test_pack_refuses(change, match):
    with pytest.raises(BadInput, match=match):
        pack(**{**ROWS, **change})


def test_cosines_and_counts_outside_their_range():
    with pytest.raises(BadInput, match="similarity got 2, but a cosine lies between -1 and 1"):
        related_means([0.5, 2.0], norm=2.0, dim=5)
    with pytest.raises(BadInput, match="norm got -1"):
        related_means([0.5], norm=-1.0, dim=5)
    with pytest.raises(BadInput, match="counts got 0"):
        sample_mixture(jax.random.key(0), Mixture(related_means([0.5], norm=1.0, dim=5)), counts=((1, 0), (1, 1)))
