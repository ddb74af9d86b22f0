"""The least time that counts amount to, by measured rates; which programs a call runs."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtrl.harness import BadInput, evaluate, over_seeds, spread
from mtrl.harness.judge import counting, limits
from tests.helpers import assert_close

N = 24
A = np.eye(N) + 0.1
PRODUCT = 2 * N**3


def test_products_of_short_floats_go_by_their_own_rate():
    fast = limits.Machine(1.0, 10.0, ((1, 1e9),))
    short, long = (counting.counted(lambda x: x @ x, A.astype(t)) for t in (np.float32, np.float64))
    assert [part.single for part in (*short, *long)] == [True, False]
    assert_close("least", [fast.least(short)[0], fast.least(long)[0]], [PRODUCT / 10, PRODUCT])


def test_rates_by_footprint():
    """A smaller array's rate bounds those between; below the smallest, its own."""
    machine = limits.Machine(2.0, 2.0, ((10, 8.0), (100, 4.0)))
    assert [machine.rate(x) for x in (1, 10, 99, 100, 1000)] == [8, 8, 8, 4, 4]
    parts = [counting.Part(6.0, 50.0, False, 3.0), counting.Part(1.0, 400.0, False, 1.0)]
    assert_close("least", machine.least(parts), [9.5, 3 * 50 / 8 + 100])


def test_the_machine_is_measured():
    rates = limits.machine()
    assert (
        rates.single > 0
        and rates.double > 1e8
        and [x for _, x in rates.rates] == sorted([x for _, x in rates.rates])[::-1]
    )


def of_seed(key, x):
    return (x + jax.random.uniform(key)) @ x


def square(x):
    return x @ x


def test_least_seconds_of_calls_are_those_of_the_programs_they_run(monkeypatch):
    """Two evaluations are twice one, seeds count each, and the harness's programs are as before."""
    monkeypatch.setattr(limits, "machine", lambda: limits.Machine(1.0, 1.0, ((1, 1e30),)))
    calls = {
        "once": functools.partial(evaluate, square, A),
        "twice": lambda: [evaluate(square, A), evaluate(square, 2 * A)],
        ("seeds", 6): functools.partial(over_seeds, of_seed, range(6), A),
        "in turn": functools.partial(over_seeds, of_seed, range(6), A, in_turn=True),
    }
    before = evaluate(square, A)
    found = limits.least(calls)
    arithmetic = {name: found[name][0] for name in calls}
    assert arithmetic["once"] == PRODUCT and arithmetic["twice"] == 2 * PRODUCT
    for name in (("seeds", 6), "in turn"):
        assert 6 * PRODUCT <= arithmetic[name] <= 6 * (PRODUCT + 2 * N**2 + 2000)
    assert np.isnan(found["another"]).all() and found["another"].shape == (2,) and "Gflop/s" in found.words
    np.testing.assert_array_equal(evaluate(square, A), before)


def until(x, steps):
    return jax.lax.while_loop(lambda c: c[0] < steps, lambda c: (c[0] + 1, c[1] @ x), (0, x))[1]


def rounds_of_own(key, steps, x):
    """As many products as the seed is given; arms drawn afresh, and a row picked."""
    draws = jax.random.normal(key, (3,))
    return until(x, steps)[jnp.argmax(draws)] + x[0]


@pytest.mark.parametrize("how, products", [({"in_turn": True}, 1 + 2 + 3 + 4), ({"lanes": 2}, 2 * (2 + 4)), ({}, None)])
def test_seeds_are_counted_as_their_devices_run_them(monkeypatch, how, products):
    """In turn each seed its own rounds; in blocks as many as the longest of the block, for all of it."""
    monkeypatch.setattr(limits, "machine", lambda: limits.Machine(1.0, 1.0, ((1, 1e30),)))
    own = spread((np.array([1, 2, 3, 4]), np.stack(4 * [A])))
    if products is None:
        block = 4 // next(count for count in range(min(4, jax.local_device_count()), 0, -1) if 4 % count == 0)
        products = block * sum(range(block, 5, block))
    call = functools.partial(over_seeds, rounds_of_own, range(4), per_seed=own, **how)
    found = limits.least({"ours": call})["ours"][0]
    assert products * PRODUCT <= found <= products * PRODUCT + 200 * N**2


def test_a_call_that_runs_no_program_is_refused():
    with pytest.raises(BadInput, match="ran no program"):
        limits.least({"nothing": lambda: 1.0})
