import jax
import numpy as np
import pytest

from mtrl.representation.active import images
from tests.helpers import assert_close, compiled

draw_batch, batch_moments = compiled(images.draw_batch, "size"), compiled(images.batch_moments, "tasks")


@pytest.fixture(scope="module")
def pools():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 12)
    return images.ImagePools(
        rng.normal(size=(2, 12, 4)),
        (labels == np.arange(3)[:, None]).astype(float),
        images.shared_pool(np.arange(8), 2, 3),
    )


def test_source_tasks():
    every = images.source_tasks((1, 2), 3, 4)
    assert every.shape == (11, 2) and [1, 2] not in every.tolist()
    other = images.source_tasks((1, 2), 3, 4, exclude_same_corruption=True)
    assert other.shape == (8, 2) and 1 not in other[:, 0]
    assert images.source_tasks((0, 0), 16).shape == (159, 2)
    assert images.source_tasks((0, 0), 16, exclude_same_corruption=True).shape == (150, 2)


def test_draw_without_replacement_then_with(pools, key):
    tasks = np.array([[0, 0], [0, 1], [1, 2]])
    counts = np.array([8, 2, 10])
    batch = draw_batch(key, counts, pools, tasks, size=25)
    np.testing.assert_array_equal(np.bincount(batch.task[batch.mask], minlength=3), counts)
    assert batch.mask.sum() == 20 and not np.any(batch.mask[20:])
    rows = np.asarray(batch.x)
    assert len(np.unique(rows[:8], axis=0)) == 8  # task 0: its whole pool, each image once
    assert len(np.unique(rows[8:10], axis=0)) == 2
    assert len(np.unique(rows[10:18], axis=0)) == 8 and len(np.unique(rows[10:20], axis=0)) == 8  # two repeats
    for row in range(20):
        corruption, digit = tasks[batch.task[row]]
        image = int(np.flatnonzero(np.all(np.asarray(pools.features[corruption]) == rows[row], axis=1))[0])
        assert image < 8 and batch.y[row] == pools.labels[digit, image]  # training images and their labels only


def test_moments_of_a_batch(pools, key):
    tasks = np.array([[0, 0], [1, 1]])
    batch = draw_batch(key, np.array([5, 3]), pools, tasks, size=11)
    found = batch_moments(batch, 2)
    for task in range(2):
        chosen = np.asarray(batch.mask & (batch.task == task))
        x, y = np.asarray(batch.x)[chosen], np.asarray(batch.y)[chosen]
        assert_close("Gram", found.gram[task], x.T @ x, rtol=1e-12)
        assert_close("cross", found.cross[task], x.T @ y, rtol=1e-12)
    np.testing.assert_array_equal(found.count, [5, 3])


def test_disjoint_pool():
    pool = images.disjoint_pool(np.random.default_rng(0), np.arange(103), 4)
    assert pool.shape == (4, 10, 10)
    assert all(len(np.unique(one)) == 100 for one in pool)
    assert not np.array_equal(pool[0], pool[1])


def test_error_counts():
    scores, labels, count = (
        np.array([0.9, 0.2, 0.6, 0.1]),
        np.array([1.0, 1.0, 0.0, 0.0]),
        compiled(images.error_counts),
    )
    wrong, balanced = count(scores, labels)
    assert wrong == 2 and balanced == 0.5
    wrong, balanced = count(np.zeros(10), np.eye(10)[0])
    assert wrong == 1 and balanced == 0.5


def test_features():
    picture = np.zeros((1, 28, 28))
    picture[0, :4, :4] = 1.0
    found = images.pooled_features(picture, 4)
    assert found.shape == (1, 50)
    np.testing.assert_allclose(found[0, 0], 1 / np.sqrt(1.25))
    np.testing.assert_allclose(found[0, -1], 0.5 / np.sqrt(1.25))
    assert np.all(np.isfinite(images.pooled_features(0 * picture, 1, 0.0)))
    rng = np.random.default_rng(0)
    white = images.whitened_features(rng.random((2, 50, 28, 28)), np.arange(40), 5)
    train = white[:, :40].reshape(-1, 5)
    assert_close("whitened covariance", np.cov(train, rowvar=False), np.eye(5), atol=1e-9)
    pictures = rng.random((2, 50, 28, 28)) * np.array([1.0, 3.0])[:, None, None, None]
    own = images.whitened_features(pictures, np.arange(40), 5, own=True)
    for one in own:
        np.testing.assert_allclose(one[:40].mean(0), 0, atol=1e-9)
        assert_close("own covariance of a corruption", np.cov(one[:40], rowvar=False), np.eye(5), atol=1e-9)


def test_draw_depends_on_the_key(pools):
    tasks, counts = np.array([[0, 0], [1, 1]]), np.array([4, 3])
    draws = [draw_batch(jax.random.key(k), counts, pools, tasks, size=7).x for k in (0, 0, 1)]
    np.testing.assert_array_equal(draws[0], draws[1])
    assert not np.array_equal(draws[0], draws[2])


def test_squares_of_masked_rows_do_not_count(pools, key):
    batch = draw_batch(key, np.array([5, 3]), pools, np.array([[0, 0], [1, 1]]), size=11)
    batch = batch._replace(y=np.arange(1.0, 12.0))
    np.testing.assert_allclose(batch_moments(batch, 2).square, [1 + 4 + 9 + 16 + 25, 36 + 49 + 64])
