"""Closed forms against sums, SciPy and the numbers derived for the paper."""

import jax.numpy as jnp
import numpy as np
import pytest
from scipy import special

from mtrl.dynamics.gradient_noise import theory
from mtrl.numerics.errors import BadInput
from tests.helpers import assert_close


def test_zeta_and_total_noise():
    assert_close("zeta(0.55)", theory.zeta(0.55), -1.67872, atol=1e-5)
    assert_close(
        "zeta, SciPy", jnp.stack([theory.zeta(g) for g in (0.1, 0.9, 2.0)]), special.zeta([0.1, 0.9, 2.0]), rtol=1e-8
    )
    sums = np.cumsum((1 + np.arange(1000.0)) ** -0.55)
    assert_close("H_T by summing", theory.total_noise(np.arange(10, 1001)), sums[9:], rtol=1e-7)
    assert_close(
        "H_T", theory.total_noise([0, 100, 1000, 10_000, 100_000]), [0, 16.013, 48.082, 138.54, 393.50], atol=5e-3
    )
    assert_close(
        "half of the noise of 10^5 steps", theory.total_noise(21_600) / theory.total_noise(100_000), 0.5, rtol=1e-3
    )
    with pytest.raises(BadInput, match="steps got -1"):
        theory.total_noise(-1)


def test_random_walk():
    for lr, factor in ((0.1, 1.0), (0.01, 0.1)):
        found = theory.walk_std([1000, 10_000, 100_000], lr=lr, eta=0.01)
        assert_close(f"walk at lr {lr}", found, factor * np.array([0.0693, 0.1177, 0.1984]), rtol=1e-3)


def test_gains():
    assert_close("gains", theory.gain(50, [0.01, 2 / 50]), [0.25, 1.0], rtol=1e-12)
    assert_close("twenty layers", theory.gain(50, 0.01) ** 20, 9.1e-13, rtol=2e-3)
    found = [theory.steps_to_gain_one(width=50, spread=s, lr=0.1, eta=e) for s, e in ((0.1, 0.01), (0, 0.01), (0, 0.3))]
    assert [abs(float(t) - want) <= 1 for t, want in zip(found, (54886, 103696, 70), strict=True)] == [True] * 3
    assert theory.steps_to_gain_one(width=100, spread=0.1, lr=0.1, eta=0.01) < found[0]
    assert theory.steps_to_gain_one(width=50, spread=0.1, lr=0.01, eta=0.01) > 1e8
    at = theory.noisy_gain(found[0], width=50, spread=0.1, lr=0.1, eta=0.01)
    assert_close("gain there", at, 1.0, rtol=1e-4)
    with pytest.raises(BadInput, match="width got 0"):
        theory.steps_to_gain_one(width=0, spread=0.1, lr=0.1, eta=0.01)


def test_gain_of_random_layers():
    """6000 layers of 50 units at std 0.1: 0.25; 2 % are more than 5 standard errors."""
    rng = np.random.default_rng(0)
    h, w = rng.standard_normal((6000, 1, 50), np.float32), 0.1 * rng.standard_normal((6000, 50, 50), np.float32)
    new = np.maximum(h @ w, 0)
    assert_close("gain of a layer", np.mean(np.sum(new**2, -1) / np.sum(h**2, -1)), 0.25, rtol=0.02)


def test_entropy_of_shares():
    assert_close("equal shares", theory.shares_entropy(jnp.full(10, 0.1)), np.log(10), rtol=1e-12)
    assert theory.shares_entropy(jnp.array([1.0, 0.0])) == 0
