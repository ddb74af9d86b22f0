"""Deep matrix completion: matrices, masks, starts, and what a switch of task does to one, two and three factors."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtrl import dynamics
from mtrl.dynamics import theory
from mtrl.numerics.errors import BadInput
from mtrl.numerics.keys import split_named
from tests.helpers import assert_close

N, ENTRIES, LR = 30, 360, 0.4
SWITCHES, AT = jnp.array([0, 6000]), jnp.array([6000])


def tasks(key):
    """Rank 6, then rank 2, on the same entries."""
    keys = split_named(key, "first", "second", "mask", "start")
    first, second = (dynamics.low_rank_matrix(keys[name], n=N, rank=r) for name, r in (("first", 6), ("second", 2)))
    mask = dynamics.observed_entries(keys["mask"], n=N, count=ENTRIES)
    return dynamics.entries(first, mask), dynamics.entries(second, mask), keys["start"]


@functools.partial(jax.jit, static_argnames=("depth",))
def final_errors(keys, lr, *, depth):
    """(key, switch) error, and the loss beside it."""
    return jax.vmap(lambda key: switch_of_one(key, lr, depth))(keys)


def switch_of_one(key, lr, depth):
    first, second, start = tasks(key)
    rule = dynamics.completion(depth=depth, lr=lr)
    record = lambda w: (dynamics.reconstruction_error(w, second.target), dynamics.observed_loss(w, second))  # noqa: E731
    _, (errors, losses) = dynamics.switched(
        rule, rule.init(start, second), first, second, switches=SWITCHES, at=AT, record=record
    )
    return errors[:, 0], losses[:, 0]


KEYS = jax.random.split(jax.random.key(5), 2)


@pytest.mark.parametrize(("depth", "before", "after"), [(2, 0.02, 0.05), (3, 0.004, 0.01)])
def test_a_first_task_of_higher_rank_does_harm(depth, before, after):
    """One seed elsewhere: 0.001 and 0.165 with two factors, 0.000 and 0.186 with three; two fixed seeds here, ordering by far."""
    errors, losses = final_errors(KEYS, LR, depth=depth)
    assert float(errors[:, 0].max()) < before and float(errors[:, 1].min()) > after and float(losses.max()) < 1e-3


def test_one_factor_forgets_nothing_but_what_it_never_sees():
    """D = 1: the error is the mean square of M2 - start off the mask for every T_c, and the closed form gives all of it."""
    errors, _ = final_errors(KEYS, LR, depth=1)
    first, second, start = tasks(KEYS[0])
    weights = dynamics.starting_factors(start, second.target, depth=1)[0]
    unseen = jnp.mean((1 - second.mask) * (second.target - weights) ** 2)
    assert_close("limit", errors[0], jnp.broadcast_to(unseen, (2,)), 0, 1e-3)
    for i, t in enumerate(SWITCHES):
        middle = theory.one_matrix(weights, first.target, first.mask, LR, t)
        end = theory.one_matrix(middle, second.target, second.mask, LR, AT[0])
        assert_close(f"T_c = {t}", errors[0, i], jnp.mean((end - second.target) ** 2), 1e-9)


def test_matrices_and_masks():
    first, second, _ = tasks(KEYS[0])
    for data, rank in ((first, 6), (second, 2)):
        assert_close("norm", jnp.linalg.norm(data.target), N, 1e-12)
        assert int(jnp.linalg.matrix_rank(data.target)) == rank and float(data.mask.sum()) == ENTRIES
        rms = float(jnp.sqrt(jnp.sum(data.mask * data.target**2) / ENTRIES))
        assert 0.8 < rms < 1.2
    fewer = dynamics.observed_entries(KEYS[0], n=N, count=100)
    more = dynamics.observed_entries(KEYS[0], n=N, count=200)
    assert bool((fewer <= more).all()) and float(fewer.sum()) == 100
    dynamics.check_nested(100, (100, 200))


@pytest.mark.parametrize("start", ["gaussian", "orthogonal", "identity", "analytical"])
def test_starts_have_the_size_they_are_asked_for(start):
    """||product||_F is about c sqrt(n): exactly but for the Gaussian one, whose relative deviation is about 1/n (here 5 %; allowed 20 %)."""
    _, second, key = tasks(KEYS[1])
    factors = dynamics.starting_factors(key, second.target, depth=3, scale=1e-2, start=start)
    size = jnp.linalg.norm(dynamics.product(factors))
    assert_close(start, size, 1e-2 * N**0.5, 0.2 if start == "gaussian" else 1e-10)
    if start == "analytical":
        u, _, vt = jnp.linalg.svd(second.target)
        assert_close("aligned", u.T @ dynamics.product(factors) @ vt.T, 1e-2 * jnp.eye(N), 0, 1e-12)


def test_gradient_is_the_derivative_by_hand():
    _, data, key = tasks(KEYS[1])
    w = dynamics.starting_factors(key, data.target, depth=3, scale=0.5)
    moved, loss = dynamics.completion(depth=3, lr=0.1).step(None, w, data)
    off = np.asarray(data.mask * (w[2] @ w[1] @ w[0] - data.target))
    assert_close("loss", loss, (off**2).sum() / (2 * ENTRIES), 1e-12)
    assert_close("middle", (w[1] - moved[1]) / 0.1, w[2].T @ (off / ENTRIES) @ w[0].T, 1e-9)


def test_singular_values_of_the_product():
    w = dynamics.starting_factors(KEYS[0], jnp.eye(5), depth=2, scale=0.3)
    assert_close("values", dynamics.singular_values(w, 3), np.linalg.svd(w[1] @ w[0])[1][:3], 1e-10)


EYE = jnp.eye(4)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: dynamics.low_rank_matrix(KEYS[0], n=4, rank=5), "rank got 5, but must be a whole number from 1 to 4"),
        (
            lambda: dynamics.observed_entries(KEYS[0], n=4, count=17),
            "count got 17, but must be a whole number from 1 to 16",
        ),
        (lambda: dynamics.observed_entries(KEYS[0], n=4, count=0), "count got 0, .* a mask must not be empty"),
        (lambda: dynamics.entries(EYE, 0 * EYE), "mask is empty"),
        (lambda: dynamics.entries(EYE, EYE[:2]), r"mask has shape \(2, 4\)"),
        (
            lambda: dynamics.check_nested(12, (10, 14)),
            "phase 1 observes 12 entries, but must nest in the 10 of phase 2",
        ),
        (lambda: dynamics.completion(depth=0, lr=0.1), "depth got 0, but must be a whole number of at least 1"),
        (lambda: dynamics.completion(depth=1, lr=0.0), "lr got 0"),
        (lambda: dynamics.completion(depth=1, lr=0.1, scale=0.0), "scale got 0"),
        (lambda: dynamics.completion(depth=1, lr=0.1, start="zero"), "start got 'zero', but takes one of gaussian"),
        (
            lambda: dynamics.starting_factors(KEYS[0], EYE[:2], depth=2, start="identity"),
            r"the matrix has shape \(2, 4\), but a 'identity' start needs a square one",
        ),
        (
            lambda: dynamics.check_descended(np.array([[1.0, np.nan], [1.0, 2.0]]), np.array([0, 50]), depth=3, lr=9.0),
            "the loss is not finite at step 50 with depth 3 and lr 9",
        ),
    ],
)
def test_bad_input_is_refused(call, words):
    with pytest.raises(BadInput, match=words):
        call()


def test_a_rate_that_diverges_is_named():
    errors, losses = final_errors(KEYS, 400.0, depth=2)
    with pytest.raises(BadInput, match="not finite at step 6000 with depth 2 and lr 400"):
        dynamics.check_descended(losses.reshape(-1, 1), AT, depth=2, lr=400.0)
    assert not bool(jnp.isfinite(errors).all())
