"""The moving-average decomposition."""

import jax
import numpy as np

from mtrl.forecasting.dlinear import trend_and_remainder
from tests.helpers import assert_close


def test_decomposition_is_the_edge_padded_moving_average(key):
    x = jax.random.normal(key, (2, 40))
    both = trend_and_remainder(x, 25)
    padded = np.pad(np.asarray(x), [(0, 0), (12, 12)], mode="edge")
    trend = np.stack([np.convolve(row, np.ones(25) / 25, mode="valid") for row in padded])
    assert_close("trend", both[:, :40], trend, rtol=1e-12)
    assert_close("parts add up", both[:, :40] + both[:, 40:], x, rtol=1e-12)
