"""Counts of programs of known cost: products, loops of every kind, factorisations; and the least time they amount to."""

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


def operations(fn, *arguments):
    """Of all parts and runs."""
    return sum(part.runs * part.operations for part in counting.counted(fn, *arguments))


def scanned(x, *, length=7):
    return jax.lax.scan(lambda c, _: (c @ x, None), x, None, length=length)[0]


def until(x, steps):
    return jax.lax.while_loop(lambda c: c[0] < steps, lambda c: (c[0] + 1, c[1] @ x), (0, x))[1]


def sometimes(x, steps):
    """A product in the first `steps` of ten rounds."""
    step = lambda c, i: (jax.lax.cond(i < steps, lambda c: c @ x, lambda c: c, c), None)  # noqa: E731
    return jax.lax.scan(step, x, jnp.arange(10))[0]


def nested(x, steps):
    """Two rounds of a loop of `steps` products, and in each five products more."""
    return jax.lax.scan(lambda c, _: (scanned(until(c, steps), length=5), None), x, None, length=2)[0]


@pytest.mark.parametrize(
    "fn, arguments, products",
    [
        (lambda x: x @ x, (A,), 1),
        (jax.vmap(lambda x: x @ x), (np.stack(5 * [A]),), 5),
        (scanned, (A,), 7),
        (jax.jit(lambda x: jax.vmap(scanned)(jnp.stack([x, x]))), (A,), 14),
        (until, (A, 6), 6),
        (until, (A, 0), 0),
        (sometimes, (A, 3), 3),
        (nested, (A, 4), 2 * (4 + 5)),
        (jax.checkpoint(lambda x: x @ x), (A,), 1),
        (jax.vmap(until, (None, 0)), (A, np.array([2, 6])), 12),  # the lane that is done waits for the other
    ],
    ids=[
        "product",
        "vmap",
        "scan",
        "vmap of scan",
        "while",
        "no round",
        "cond",
        "nested",
        "checkpoint",
        "vmap of while",
    ],
)
def test_products_are_counted_as_often_as_they_are_made(fn, arguments, products):
    """Beside them one operation an entry at most in what holds the loops together."""
    found = operations(fn, *arguments)
    assert products * PRODUCT <= found <= products * PRODUCT + 40 * N**2


def test_elementwise_operations_count_one_each_an_exponential_too():
    assert operations(lambda x: jnp.exp(x) * 3.0 + x, A) == 3 * N**2


@pytest.mark.parametrize(
    "fn, leading",
    [
        (jnp.linalg.cholesky, N**3 / 3),
        (jnp.linalg.eigh, 10 * N**3 / 3),
        (functools.partial(jnp.linalg.svd, compute_uv=False), 8 * N**3 / 3),
        (jnp.linalg.svd, 8 * N**3 / 3 + 4 * N**3),
        (lambda a: jnp.linalg.solve(a, a), 2 * N**3 / 3 + 2 * N**3),
        (lambda a: jax.scipy.linalg.solve_triangular(a, a), N**3),
        (jnp.linalg.qr, 8 * N**3 / 3),
        (lambda a: jax.vmap(jnp.linalg.cholesky)(jnp.stack([a, a, a])), 3 * N**3 / 3),
    ],
    ids=["cholesky", "eigh", "singular values", "svd", "solve", "triangular", "qr", "vmap"],
)
def test_factorisations_count_their_leading_terms(fn, leading):
    """XLA counts nothing for them; what it does count is of lower order."""
    found = operations(fn, A)
    assert leading <= found <= leading + 60 * N**2


def test_random_bits_count_all_passes_of_their_loop():
    """Five passes of 23 operations a word, and a few to make the counters."""
    found = operations(lambda key: jax.random.bits(key, (1000,), jnp.uint32), jax.random.key(0))
    assert 115_000 <= found <= 150_000


def test_bytes_are_of_arguments_and_results_or_of_the_rows_that_are_read():
    (chain,) = counting.counted(lambda x: jnp.sin(jnp.cos(jnp.tan(x))) @ jnp.ones((N, N)), A)
    assert chain.bytes == 2 * A.nbytes
    rows = np.ones((1000, 10))
    *_, body = counting.counted(lambda x: jax.lax.scan(lambda c, i: (c + x[i], None), x[0], jnp.arange(50))[0], rows)
    assert body.runs == 50 and body.bytes < 20 * rows[0].nbytes
    *_, body = counting.counted(
        lambda x: jax.lax.scan(lambda c, i: (c.at[i].set(1.0), None), x, jnp.arange(50))[0], rows
    )
    assert body.bytes < 20 * rows[0].nbytes


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


def test_what_cannot_be_counted_is_said():
    with pytest.raises(BadInput, match="ran no program"):
        limits.least({"nothing": lambda: 1.0})

    def test(x):
        return jax.lax.while_loop(lambda c: c < 3.0, lambda c: c + 1, x.sum()) < 9

    with pytest.raises(BadInput, match="condition of a loop"):
        counting.counted(lambda x: jax.lax.while_loop(test, lambda x: x + 1, x), A)
