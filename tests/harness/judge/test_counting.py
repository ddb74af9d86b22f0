"""Counts of programs of known cost: products, loops of every kind, factorisations."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtrl.harness import BadInput
from mtrl.harness.judge import counting

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


def unused(x, steps):
    """Two products, beside those of a loop, a carry and a factorisation of which nothing is asked."""
    until(x, steps), jnp.linalg.eigh(x)
    return jax.lax.scan(lambda c, _: ((c[0] @ x, c[1] @ x @ x), None), (x, x), None, length=2)[0][0]


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
        (unused, (A, 4), 2),
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
        "unused",
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


def test_what_cannot_be_counted_is_said():
    def going(x):
        return jax.lax.while_loop(lambda c: c < 3.0, lambda c: c + 1, x.sum()) < 9

    with pytest.raises(BadInput, match="condition of a loop"):
        counting.counted(lambda x: jax.lax.while_loop(going, lambda x: x + 1, x), A)
