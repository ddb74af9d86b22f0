"""Alternating least squares: exact on what has low rank, stationary, and its ridge chosen on what it has not seen."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtrl.bandits import off_policy as op
from mtrl.numerics.errors import BadInput
from tests.helpers import assert_close

USERS, ITEMS, RANK = 30, 20, 2
SIZES = dict(users=USERS, items=ITEMS, rank=RANK)
HOLD_OUT = jax.jit(functools.partial(op.hold_out_errors, iterations=10, **SIZES))
COMPLETE = jax.jit(op.complete, static_argnames=(*SIZES, "iterations"))


@functools.cache
def table(noise):
    """80 % of a table of rank 2, and the whole of it."""
    rng = np.random.default_rng(0)
    whole = rng.normal(size=(USERS, RANK)) @ rng.normal(size=(RANK, ITEMS))
    user, item = np.nonzero(rng.random((USERS, ITEMS)) < 0.8)
    seen = whole[user, item] + noise * rng.normal(size=len(user))
    return user, item, seen, whole


def test_low_rank_is_recovered():
    user, item, seen, whole = table(0.0)
    found = COMPLETE(jax.random.key(0), user, item, seen, np.ones_like(seen), ridge=1e-6, iterations=40, **SIZES)
    assert_close("completed", np.asarray(found.users) @ np.asarray(found.items).T, whole, 1e-4)
    assert found.residual < 1e-4


def test_stationary():
    """The gradient of the penalised squares vanishes."""
    user, item, seen, _ = table(0.5)
    found = COMPLETE(jax.random.key(0), user, item, seen, np.ones_like(seen), ridge=1.0, iterations=300, **SIZES)

    def objective(u, v):
        return jnp.sum((seen - jnp.sum(u[user] * v[item], -1)) ** 2) + jnp.sum(u**2) + jnp.sum(v**2)

    for slope in jax.jit(jax.grad(objective, (0, 1)))(found.users, found.items):
        np.testing.assert_allclose(slope, 0, atol=1e-6)
    assert found.moved < 1e-8


def test_left_out_ratings_say_nothing():
    user, item, seen, _ = table(0.5)
    keep = np.random.default_rng(1).random(len(seen)) < 0.7
    call = lambda r: COMPLETE(jax.random.key(0), user, item, r, keep.astype(float), ridge=1.0, iterations=5, **SIZES)  # noqa: E731
    assert_close("weights", call(seen).users, call(np.where(keep, seen, 99.0)).users, 1e-12)


def test_hold_out_prefers_a_ridge_in_between():
    user, item, seen, _ = table(2.0)
    errors = HOLD_OUT(jax.random.key(0), user, item, seen, np.array([1e-6, 3.0, 1e4]))
    assert np.argmin(errors) == 1


def test_hold_out_error_is_a_root_mean_square():
    """Under a huge ridge nothing is predicted: ratings of +2 and -2 are missed by 2, whichever are held out."""
    user, item, seen, _ = table(2.0)
    error = HOLD_OUT(jax.random.key(0), user, item, 2 * np.sign(seen), np.full(3, 1e12))
    assert_close("error", error, np.full(3, 2.0), 1e-9)


def test_bad_input():
    ones = jnp.ones(1, int), jnp.ones(1, int), jnp.ones(1), jnp.ones(1)
    with pytest.raises(BadInput, match="user got 1, but must be a whole number from 0 to 0"):
        op.complete(jax.random.key(0), *ones, users=1, items=2, rank=1, ridge=1.0)
    with pytest.raises(BadInput, match="rank got 3, but must lie between 1 and the smaller side of the table, 2"):
        op.complete(jax.random.key(0), *ones, users=2, items=2, rank=3, ridge=1.0)
    with pytest.raises(BadInput, match="ridge got 0"):
        op.complete(jax.random.key(0), *ones, users=2, items=2, rank=1, ridge=0.0)
