"""Means in blocks count every row once."""

import jax.numpy as jnp
import numpy as np
import pytest

from mtrl import nn
from tests.helpers import assert_close


@pytest.mark.parametrize("chunk", [3, 5, 10, 99])
def test_every_row_counts_once(chunk):
    values = np.random.default_rng(1).normal(size=(12, 2))
    rows = np.array([0, 3, 5, 1, 7, 9, 11, 2, 4, 10])
    ours = nn.mean_over_rows(lambda r: jnp.asarray(values)[r], jnp.asarray(rows), chunk=chunk)
    assert_close("mean", ours, values[rows].mean(0), rtol=1e-12)


def test_chunks_hold_each_row_once_and_padding_of_weight_zero():
    blocks, weights = nn.padded_chunks(jnp.arange(7), 3)
    assert blocks.shape == (3, 3)
    assert sorted(np.asarray(blocks)[np.asarray(weights) == 1]) == list(range(7)) and float(weights.sum()) == 7
