"""The training loop: descent against a written loop, early stopping, resuming, gradients of another kind."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from mtrl import nn
from tests.helpers import assert_close

X = np.random.default_rng(0).normal(size=(30, 3))
Y = X @ np.array([1.0, -2.0, 0.5])


def loss(w, rows):
    return jnp.mean((jnp.asarray(X)[rows] @ w - jnp.asarray(Y)[rows]) ** 2)


def test_descent_is_the_written_loop(key):
    """Gradient descent on the batches drawn, in their order; the report holds value and slope before each update."""
    rule, batches = optax.sgd(0.1), nn.with_replacement(30, updates=4, batch=5)(key)
    w, values, slopes = np.zeros(3), [], []
    for rows in np.asarray(batches):
        error = X[rows] @ w - Y[rows]
        gradient = 2 * X[rows].T @ error / 5
        values.append(np.mean(error**2))
        slopes.append(np.linalg.norm(gradient))
        w = w - 0.1 * gradient
    state, updates = jax.jit(lambda: nn.descend(nn.start(jnp.zeros(3), rule), batches, loss=loss, optimiser=rule))()
    assert_close("weights", state.params, w, rtol=1e-12)
    assert_close("losses", updates.loss, values, rtol=1e-12)
    assert_close("slopes", updates.slope, slopes, rtol=1e-12)


def test_another_slope_replaces_the_gradient():
    def doubled(f, params):
        value, gradient = jax.value_and_grad(f)(params)
        return value, jax.tree.map(lambda g: 2 * g, gradient)

    rule, batches = optax.sgd(0.05), jnp.arange(30)[None]
    twice, _ = nn.descend(nn.start(jnp.zeros(3), rule), batches, loss=loss, optimiser=rule, slope=doubled)
    once, _ = nn.descend(nn.start(jnp.zeros(3), rule), batches, loss=loss, optimiser=rule)
    assert_close("two steps in one", twice.params, 2 * once.params, rtol=1e-12)


@pytest.fixture(scope="module")
def run():
    """Epochs along a scripted validation loss: the e-th epoch's is script[e]; the weights count the epochs."""
    rule = optax.sgd(1.0)

    @jax.jit
    def go(keys, script, state):
        def step(key, state, script):
            return nn.train_epoch(
                key,
                state,
                sample=nn.whole(updates=1),
                loss=lambda w, _: -w,
                validate=lambda w: script[w.astype(int) - 1],
                optimiser=rule,
                patience=2,
            )

        return nn.train(keys, state, script, step=step)

    return go, nn.train_init(jnp.zeros(()), rule), jax.random.split(jax.random.key(0), 7)


@pytest.mark.parametrize(
    "script, ran, best",
    [
        ([5.0, 4, 4.5, 3, 3.5, 3.2, 1], 6, 3),  # the count begins anew at epoch 3
        ([5.0, 6, 7, 1, 1, 1, 1], 3, 0),
        ([7.0, 6, 5, 4, 3, 2, 1], 7, 6),
        ([np.nan, 2.0, np.nan, np.nan, 1, 1, 1], 4, 1),  # NaN is never better
    ],
)
def test_patience_counts_epochs_without_a_better_validation_loss(run, script, ran, best):
    go, start, keys = run
    state, info = go(keys, jnp.asarray(script), start)
    assert int(info.running.sum()) == ran and bool(state.stopped) == (ran < 7)
    assert_close("weights of the best epoch", state.best, best + 1.0)
    assert_close("best loss", state.best_loss, script[best])
    assert float(state.now.params) == ran  # stopped: nothing moves
    np.testing.assert_array_equal(info.finite[:ran], np.isfinite(script[:ran]))
    assert np.isnan(np.asarray(info.loss[ran:])).all() and (np.asarray(info.validation[ran:]) == script[best]).all()


def test_a_run_that_never_validates_says_so(run):
    go, start, keys = run
    state, info = go(keys, jnp.full(7, jnp.nan), start)
    assert not info.finite.any() and np.isinf(state.best_loss) and bool(state.stopped)


def test_a_run_cut_in_two_is_the_whole(run):
    go, start, keys = run
    script = jnp.asarray([5.0, 4, 4.5, 3, 3.5, 3.2, 1])
    half, first = go(keys[:3], script, start)
    rest, second = go(keys[3:], script, half)
    whole, info = go(keys, script, start)
    jax.tree.map(np.testing.assert_array_equal, rest, whole)
    jax.tree.map(lambda a, b, c: np.testing.assert_array_equal(np.concatenate([a, b]), c), first, second, info)


def test_the_optimisers_memory_lasts_across_epochs():
    """Two epochs of one update are one epoch of two."""
    rule, rows = nn.adam(0.1), jnp.arange(30)
    settings = dict(loss=lambda w, _: loss(w, rows), validate=lambda w: -w.sum(), optimiser=rule, patience=9)

    def run(epochs, updates):
        keys = jax.random.split(jax.random.key(0), epochs)
        start = nn.train_init(jnp.zeros(3), rule)
        epoch = functools.partial(nn.train_epoch, sample=nn.whole(updates=updates), **settings)
        return nn.train(keys, start, None, step=lambda key, state, _: epoch(key, state))[0].now

    assert_close("weights", run(2, 1).params, run(1, 2).params, rtol=1e-12)
