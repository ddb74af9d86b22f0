"""Timings: interleaved, and the ratio of a thing with itself is one."""

import itertools

import jax.numpy as jnp
import numpy as np

from mtrl.harness import timing
from tests.helpers import assert_close


def test_compare_interleaves():
    order = []
    times = timing.compare(
        {"a": lambda: order.append("a") or jnp.ones(()), "b": lambda: order.append("b") or jnp.ones(())},
        repeats=3,
        shortest=0.0,
    )
    assert order == ["a", "b"] * 4
    assert times["a"].shape == (3,) and np.all(times["a"] > 0)


def test_seconds_of_are_in_the_order_of_the_calls(monkeypatch):
    monkeypatch.setattr(timing, "compare", lambda calls, repeats: {"a": np.ones(repeats), "b": 2 * np.ones(repeats)})
    assert_close("seconds", timing.seconds_of({"b": print, "a": print}, 2), [[2, 2], [1, 1]])


def test_short_calls_are_repeated(monkeypatch):
    """On a clock that goes 3 ms a look, seven calls fill 20 ms."""
    calls, looks = [], itertools.count()
    monkeypatch.setattr(timing.time, "perf_counter", lambda: 0.003 * next(looks))
    times = timing.compare({"nothing": lambda: calls.append(1)}, repeats=2, warmup=0)
    assert len(calls) == 14
    assert_close("seconds per call", times["nothing"], np.full(2, 0.003), rtol=1e-12)


def test_working_bytes():
    """A row needs its numbers and not the whole matrix, a product the whole; shapes are enough."""
    import jax

    like = jax.ShapeDtypeStruct((64, 64), np.float32)
    assert 64 * 4 <= timing.working_bytes(lambda x: x[0] + 1, like) < 64 * 64 * 4
    assert timing.working_bytes(lambda x: x @ x, like) >= 64 * 64 * 4


def test_exponent():
    x = np.array([1.0, 2.0, 4.0])
    assert_close("exponent", timing.exponent(x, 3 * x**2.5), 2.5, rtol=1e-12)


def test_peak_memory():
    """A process that does nothing needs megabytes, not gigabytes."""
    assert 2**20 < timing.peak_memory("this") < 2**30
