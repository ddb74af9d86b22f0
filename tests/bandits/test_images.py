"""Image worlds: reward tables of the stated rank, pairs that show their two digits."""

import jax
import numpy as np
import pytest

from mtrl.bandits import images
from mtrl.numerics.errors import BadInput
from tests.helpers import assert_mean, host

SAMPLE = jax.jit(images.sample_images, static_argnames=("tasks", "values"))


@pytest.fixture(scope="module")
def pictures():
    return np.random.default_rng(0).uniform(size=(40, 6)), np.arange(40) % 10


def centred_rank(table):
    """Rank beyond the per-task offset that min-max scaling adds."""
    table = np.asarray(table)
    return np.linalg.matrix_rank(table - table.mean(1, keepdims=True), tol=1e-8)


def test_value_tables(key, pictures):
    low = SAMPLE(key, *pictures, 0.1, tasks=30)
    control = SAMPLE(key, *pictures, 0.1, tasks=30, values="permutation")
    assert centred_rank(low.values) == 2 and centred_rank(control.values) == 9
    for params in (host(low), host(control)):
        assert np.allclose(params.values.min(1), 0) and np.allclose(params.values.max(1), 1)


def test_means_follow_the_digit(key, pictures):
    params = SAMPLE(key, *pictures, 0.3, tasks=2)
    draw = lambda t: images.draw_images(jax.random.fold_in(key, t), params, t, arms=5)  # noqa: E731
    _, data = host(jax.jit(jax.vmap(draw))(np.arange(300)))
    digits = np.argmax(data.features, axis=-1)
    assert np.allclose(data.means[:, 1], np.asarray(params.values)[1][digits[:, 1]])
    assert_mean("image noise", ((data.rewards - data.means) ** 2).ravel(), 0.09)


def test_pairs_show_their_digits(key, pictures):
    params = SAMPLE(key, *pictures, 0.1, tasks=45, values="pairs")
    draw = lambda t: images.draw_pair(jax.random.fold_in(key, t), params, t)  # noqa: E731
    view, data = host(jax.jit(jax.vmap(draw))(np.arange(200)))
    digits = np.argmax(data.features, axis=-1)
    assert np.array_equal(np.sort(digits, axis=-1), np.broadcast_to(params.pairs, digits.shape))
    assert np.array_equal(data.means, (digits == digits.max(-1, keepdims=True)).astype(float))
    assert_mean("order of a pair", (digits[..., 0] > digits[..., 1]).ravel(), 0.5)
    shown = view.contexts[:, 0, :, 0]
    assert len(np.unique(shown)) == 8, "all four images of each of the two digits show up"


def test_bad_input():
    with pytest.raises(
        BadInput, match="tasks got 46, but must be a whole number from 1 to 45; ten digits make 45 pairs"
    ):
        images.digit_images(tasks=46, values="pairs")
    with pytest.raises(BadInput, match="values got 'rank3'"):
        images.digit_images(tasks=2, values="rank3")
