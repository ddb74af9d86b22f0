"""The random-walk start: the logarithm of a signal's size does not drift with depth."""

import jax
import numpy as np
import pytest

from mtrl.dynamics import gradient_noise as gn
from mtrl.numerics.errors import BadInput
from tests.helpers import assert_close


def test_log_gain_of_random_layers():
    """20000 layers of 10 units: mean log gain at a variance of 0.2, five standard errors of 0.57 / sqrt(20000) (false-alarm rate 1e-6)."""
    rng = np.random.default_rng(0)
    w, h = rng.standard_normal((20_000, 10, 10)), rng.standard_normal((20_000, 1, 10))
    passed = np.square(np.maximum(h @ w, 0)).sum((1, 2)) / np.square(h).sum((1, 2)) * 0.2
    logs = np.log(passed[passed > 0])
    assert_close(
        "mean log gain", gn.theory.log_gain(10, 0.2), logs.mean(), atol=5 * logs.std() / np.sqrt(logs.size), rtol=0
    )


def test_walk_start_does_not_drift():
    """Drift of the log gain a layer: below 0.002 for 20 units or more, where He's start loses 2.6 / n."""
    for width in (20, 50, 200):
        spreads = gn.initial_spreads("walk", dim=width, width=width)
        assert spreads == (gn.walk_spread(width),) * 3
        assert abs(float(gn.theory.log_gain(width, spreads[0] ** 2))) < 2e-3
        assert_close("He's drift", gn.theory.log_gain(width, 2 / width) * width, -2.6, rtol=0.06)
    assert gn.walk_spread(3) == pytest.approx((2 / 3) ** 0.5 * np.exp(1.2 / 3.6))  # the fit is cut off at 6 units


def test_walk_start_of_a_network():
    """Gain of 60 hidden layers by its own measure: n s^2 / 2 = exp(2.4 / (n - 2.4)); 8 % are four standard errors."""
    key, sizes = jax.random.key(0), dict(dim=8, width=40, layers=61, classes=2)
    weights = gn.network.initial(key, gn.initial_spreads("walk", dim=8, width=40), **sizes)
    x, change = (jax.random.normal(jax.random.key(i), (1, 20, n), np.float32) for i, n in enumerate((8, 40)))
    assert_close("gain", np.mean(jax.jit(gn.network.gains)(weights, x, change)), np.exp(2.4 / 37.6), rtol=0.08)


def test_width_is_checked():
    with pytest.raises(BadInput, match="width got 0"):
        gn.theory.log_gain(0, 0.2)
