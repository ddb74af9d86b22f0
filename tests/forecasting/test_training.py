"""Training: early stopping by masks, the best weights kept, evaluation over every window, refusals."""

import flax.linen as flax
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtrl.forecasting import (
    Forecaster,
    WindowData,
    ar_channels,
    build_model,
    fit_forecaster,
    forecast_error,
    forecaster_training,
    gather_windows,
)
from mtrl.numerics.errors import BadInput
from tests.helpers import assert_close

MODEL = build_model("DLinearU", lookback=8, horizon=2)
SIZES = dict(model=MODEL, lookback=8, batch=8, updates=4, patience=2, chunk=16)


@pytest.fixture(scope="module")
def data():
    series = ar_channels(jax.random.key(3), tasks=3, rows=150)
    return WindowData(series, jnp.arange(80), jnp.arange(90, 140))


@jax.jit
def train(key, data, lam_inv, gamma_inv, rate=0.3):
    return fit_forecaster(key, data, epochs=12, lam_inv=lam_inv, gamma_inv=gamma_inv, learning_rate=rate, **SIZES)


def test_stops_after_patience_and_keeps_the_best_epoch(data):
    """With so large a learning rate the validation error rises soon; afterwards nothing may change."""
    state, info = train(jax.random.key(0), data, 0.0, 0.0)
    ran = int(info.running.sum())
    assert 2 < ran < 12 and bool(state.stopped)
    np.testing.assert_array_equal(info.running, np.arange(12) < ran)
    best = int(np.argmin(info.validation[:ran]))
    assert ran - 1 - best == 2
    assert_close("best loss", state.best_loss, info.validation[best])
    again = forecast_error(MODEL, state.best, data.series, data.validation, lookback=8, chunk=16).mean()
    assert_close("best weights give the best loss", again, state.best_loss, rtol=1e-12)
    assert np.isnan(np.asarray(info.loss[ran:])).all() and bool(info.finite.all())


def test_learns_and_the_penalty_shrinks_what_it_names(data):
    state, info = train(jax.random.key(0), data, 0.0, 0.0, rate=0.01)
    assert float(info.validation[-1]) < float(info.validation[0])
    own, centre = (state.now.params["params"]["head"][n] for n in ("deviation", "centre"))
    tied, _ = train(jax.random.key(0), data, 0.0, 100.0, rate=0.01)
    split, _ = train(jax.random.key(0), data, 100.0, 0.0, rate=0.01)
    assert float(jnp.abs(tied.now.params["params"]["head"]["deviation"]).mean()) < 0.5 * float(jnp.abs(own).mean())
    assert float(jnp.abs(split.now.params["params"]["head"]["centre"]).mean()) < 0.5 * float(jnp.abs(centre).mean())


def test_evaluation_counts_every_window_once(data):
    """50 windows in blocks of 16: the padded last block adds nothing."""
    params = MODEL.init(jax.random.key(1), jnp.zeros((1, 3, 8)))
    x, y = gather_windows(data.series, data.validation, lookback=8, horizon=2)
    reference = ((y - MODEL.apply(params, x)) ** 2).mean((0, 2))
    ours = forecast_error(MODEL, params, data.series, data.validation, lookback=8, chunk=16)
    assert_close("mse", ours, reference, rtol=1e-12)


def test_an_epoch_passes_every_window_once_in_an_order_of_its_own(data):
    """At a vanishing learning rate the mean of the epoch's batch losses is the loss of all windows,
    `sum_t mean|y_t - f_t(x_t)|^2 + lam_inv |H_0|^2 + gamma_inv sum_t |V_t|^2`; another key takes the windows in another order."""
    vanishing, big = (
        forecaster_training(model=MODEL, lookback=8, batch=20, learning_rate=rate, chunk=64, lam_inv=0.3, gamma_inv=0.2)
        for rate in (1e-12, 0.1)
    )
    state = jax.jit(lambda key: vanishing.init(key, data))(jax.random.key(1))
    head = state.now.params["params"]["head"]
    head["deviation"] = 0.1 + head["deviation"]
    _, info = jax.jit(vanishing.step)(jax.random.key(2), state, data)
    x, y = gather_windows(data.series, data.train, lookback=8, horizon=2)
    error = np.square(y - MODEL.apply(state.now.params, x)).mean((0, 2))
    norms = 0.3 * np.square(head["centre"]).sum() + 0.2 * 3 * 16 * 2 * 0.1**2
    assert_close("loss", info.loss, error.sum() + norms, rtol=1e-9)
    step = jax.jit(big.step)
    one, other = (step(jax.random.key(k), state, data)[0].now.params["params"]["head"]["bias"] for k in (2, 3))
    assert not np.allclose(one, other, rtol=1e-6)


def test_dropout_is_on_in_training_and_off_in_validation(data):
    """One batch of all windows: the key moves the weights only through the dropout, and the error of given weights not at all."""

    class Dropping(flax.Module):
        @flax.compact
        def __call__(self, x, train=False):
            return flax.Dropout(0.5, deterministic=not train)(x)

    model = Forecaster(Dropping(), 2)
    training = forecaster_training(model=model, lookback=8, batch=80, learning_rate=1e-2)
    state, step = training.init(jax.random.key(1), data), jax.jit(training.step)
    (one, first), (other, _) = (step(jax.random.key(k), state, data) for k in (2, 3))
    heads = [s.now.params["params"]["head"]["centre"] for s in (one, other)]
    assert float(jnp.abs(heads[0] - heads[1]).max()) > 1e-4
    again = forecast_error(model, one.best, data.series, data.validation, lookback=8).mean()
    assert_close("validation", first.validation, again, rtol=1e-12)


def test_first_update_is_adams(data):
    """One update of Adam moves every parameter with a slope by its learning rate."""
    training = forecaster_training(model=MODEL, lookback=8, batch=8, updates=1, learning_rate=0.01)
    state = jax.jit(lambda key: training.init(key, data))(jax.random.key(1))
    after, _ = jax.jit(training.step)(jax.random.key(2), state, data)
    moved = jnp.abs(after.now.params["params"]["head"]["bias"] - state.now.params["params"]["head"]["bias"])
    assert_close("first step", moved, np.full((3, 2), 0.01), rtol=1e-6)


@pytest.mark.parametrize(
    "changes, message",
    [
        (dict(batch=100), "batch got 100, but there are 80 training windows"),
        (dict(lam_inv=-1.0), "lam_inv got -1"),
        (dict(gamma_inv=float("nan")), "gamma_inv got nan"),
        (dict(learning_rate=0.0), "learning_rate got 0"),
        (dict(patience=0), "patience got 0"),
    ],
)
def test_runs_that_cannot_start_are_refused(data, changes, message):
    with pytest.raises(BadInput, match=message):
        fit_forecaster(jax.random.key(0), data, epochs=1, **{**SIZES, **changes})


def test_no_validation_window_is_refused(data):
    with pytest.raises(BadInput, match="no validation window"):
        fit_forecaster(jax.random.key(0), data._replace(validation=jnp.arange(0)), epochs=1, **SIZES)
