"""Samplers: one pass is a permutation, draws with replacement cover what there is, full batches only count."""

import jax
import jax.numpy as jnp
import numpy as np

from mtrl import nn


def test_shuffled_passes_once_and_goes_round_again(key):
    rows = jnp.arange(20) * 10
    one = np.asarray(nn.shuffled(rows, batch=5)(key))
    assert one.shape == (4, 5) and sorted(one.ravel()) == list(rows)
    assert np.asarray(nn.shuffled(rows, batch=7)(key)).shape == (2, 7)  # the smaller last batch is dropped
    two = np.asarray(nn.shuffled(rows, updates=8, batch=5)(key)).ravel()
    assert np.array_equal(two[:20], two[20:]) and np.array_equal(two[:20], one.ravel())
    assert not np.array_equal(one, nn.shuffled(rows, batch=5)(jax.random.key(1)))
    assert not np.array_equal(one.ravel(), rows)


def test_draws_with_replacement_are_uniform_over_the_filled_rows(key):
    """A filling buffer (traced length): 4,000 draws of 5 rows, each share within five standard errors."""
    draws = np.asarray(jax.jit(lambda n: nn.with_replacement(n, updates=40, batch=100)(key))(jnp.asarray(5)))
    shares = np.bincount(draws.ravel(), minlength=6) / draws.size
    assert shares[5:].sum() == 0 and np.abs(shares[:5] - 0.2).max() < 5 * np.sqrt(0.16 / 4000)
    assert not np.array_equal(draws[0], draws[1])


def test_whole_counts_the_updates(key):
    assert np.array_equal(nn.whole(updates=3)(key), [0, 1, 2])
