"""The AR stand-in: its coefficients, its stability and what `share` does."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtrl.forecasting import problem
from mtrl.numerics.errors import BadInput
from tests.helpers import assert_close


def test_share_one_gives_the_common_coefficients_and_zero_its_own(key):
    common = problem.ar_coefficients(key, tasks=3, share=1.0)
    expected = np.zeros(24)
    expected[[0, 1, 23]] = 0.35, 0.15, 0.25
    assert_close("common", common, np.tile(expected, (3, 1)), rtol=1e-6)
    own = np.asarray(problem.ar_coefficients(key, tasks=50, share=0.0))
    assert ((own != 0).sum(1) == 3).all() and np.abs(own).max() <= 0.3
    assert np.abs(problem.ar_coefficients(key, tasks=50, share=0.5)).sum(1).max() < 1  # stable


def test_rollout_follows_the_recursion(key):
    noise = jax.random.normal(key, (60, 2))
    coefficients = problem.ar_coefficients(key, tasks=2, share=0.5)
    z = np.asarray(problem.ar_rollout(coefficients, noise))
    for t in (30, 59):
        past = z[t - 24 : t][::-1]
        assert_close(f"row {t}", z[t], (np.asarray(coefficients).T * past).sum(0) + noise[t], rtol=1e-10)


def test_channels_have_the_asked_shape_and_share_is_checked(key):
    assert problem.ar_channels(key, tasks=2, rows=30, share=jnp.asarray(0.2)).shape == (30, 2)
    with pytest.raises(BadInput, match="share got 1.5"):
        problem.ar_channels(key, share=1.5)
