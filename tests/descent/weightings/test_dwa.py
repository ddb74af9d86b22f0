"""DWA: ones for two epochs and for equal rates, then the published ratio."""

import jax.numpy as jnp
import numpy as np

from mtrl.descent import weightings
from tests.helpers import assert_close


def test_rates_of_epoch_means():
    made = weightings.dwa(tasks=2, steps_per_epoch=2)
    state, given = made.init(), []
    for losses in ([4.0, 1.0], [2.0, 1.0], [1.0, 1.0], [2.0, 1.0], [9.0, 9.0], [9.0, 9.0]):
        weights, state = made.update(jnp.array(losses), state)
        given.append(np.asarray(weights))
    assert_close("first two epochs", np.array(given[:4]), 1.0, rtol=1e-14)
    expected = np.exp(np.array([1.5 / 3.0, 1.0]) / 2)  # means 3 -> 1.5 and 1 -> 1
    assert_close("third", given[4], 2 * expected / expected.sum(), rtol=1e-12)
    assert_close("through the epoch", given[5], given[4], rtol=1e-14)
