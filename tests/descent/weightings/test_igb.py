"""IGB: base losses of the second epoch, the published ratio, invariance to the losses' scales."""

import jax.numpy as jnp
import numpy as np

from mtrl.descent import weightings
from mtrl.descent.weightings import igb_weights
from tests.helpers import assert_close


def test_ratio_and_sum():
    weights = igb_weights(jnp.array([1.0, 1.0]), jnp.array([1.0, 2.0]))
    assert_close("ratio", weights[0] / weights[1], np.exp(0.5), rtol=1e-12)
    assert_close("sum", weights.sum(), 2.0, rtol=1e-12)


def run(scale):
    made = weightings.igb(tasks=2, steps_per_epoch=2)
    state, given = made.init(), []
    for losses in ([8.0, 1.0], [6.0, 1.0], [4.0, 1.0], [2.0, 0.8], [1.5, 0.3]):
        weights, state = made.update(scale * jnp.array(losses), state)
        given.append(np.asarray(weights * scale * jnp.array(losses)))
    return np.array(given), state


def test_base_epoch_and_scale_invariance():
    """Weights of the logarithms do not change when a loss is measured in other units."""
    of_logs, state = run(jnp.ones(2))
    assert_close("base", state.base, [3.0, 0.9], rtol=1e-12)
    assert_close("until then", of_logs[:4], 1.0, rtol=1e-12)
    expected = np.exp([1.5 / 3, 0.3 / 0.9])
    assert_close("after", of_logs[4], 2 * expected / expected.sum(), rtol=1e-12)
    assert_close("units", run(jnp.array([1e3, 1e-3]))[0], of_logs, rtol=1e-9)
