"""Timings: interleaved, and the ratio of a thing with itself is one."""

import jax.numpy as jnp
import numpy as np

from mtrl.harness import timing
from tests.helpers import assert_close


def test_compare_interleaves():
    order = []
    times = timing.compare(
        {"a": lambda: order.append("a") or jnp.ones(()), "b": lambda: order.append("b") or jnp.ones(())}, repeats=3
    )
    assert order == ["a", "b"] * 4
    assert times["a"].shape == (3,) and np.all(times["a"] > 0)


def test_ratio_and_exponent():
    assert_close(
        "ratio", timing.ratio_interval(np.array([2.0, 8.0]), np.array([1.0, 2.0])).value, np.sqrt(8.0), rtol=1e-12
    )
    x = np.array([1.0, 2.0, 4.0])
    assert_close("exponent", timing.exponent(x, 3 * x**2.5), 2.5, rtol=1e-12)


def test_peak_memory():
    """A process that does nothing needs megabytes, not gigabytes."""
    assert 2**20 < timing.peak_memory("this") < 2**30
