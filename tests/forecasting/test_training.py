"""Training: early stopping by masks, the best weights kept, evaluation over every window, refusals."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtrl.forecasting.models import Shape, build
from mtrl.forecasting.problem import ar_channels
from mtrl.forecasting.training import (
    Data,
    TrainConfig,
    check_training,
    evaluate_mse,
    fit_forecaster,
    forecaster_training,
)
from mtrl.forecasting.windows import gather_windows
from mtrl.numerics.errors import BadInput
from tests.helpers import assert_close

CONFIG = TrainConfig(lookback=8, horizon=2, batch=8, updates=4, patience=2, learning_rate=0.3, chunk=16)
MODEL = build("DLinearU", Shape(8, 2))


@pytest.fixture(scope="module")
def data():
    series = ar_channels(jax.random.key(3), tasks=3, rows=150)
    return Data(series, jnp.arange(80), jnp.arange(90, 140))


@functools.partial(jax.jit, static_argnames=("epochs", "rate"))
def train(key, data, lam_inv, gamma_inv, epochs=12, rate=0.3):
    config = TrainConfig(8, 2, batch=8, updates=4, patience=2, learning_rate=rate, chunk=16)
    return fit_forecaster(key, data, model=MODEL, config=config, epochs=epochs, lam_inv=lam_inv, gamma_inv=gamma_inv)


def test_stops_after_patience_and_keeps_the_best_epoch(data):
    """With so large a learning rate the validation error rises soon; afterwards nothing may change."""
    state, info = train(jax.random.key(0), data, 0.0, 0.0)
    ran = int(info.running.sum())
    assert 2 < ran < 12 and bool(state.stopped)
    np.testing.assert_array_equal(info.running, np.arange(12) < ran)
    best = int(np.argmin(info.validation[:ran]))
    assert ran - 1 - best == CONFIG.patience
    assert_close("best loss", state.best_loss, info.validation[best])
    again = evaluate_mse(MODEL, state.best, data.series, data.validation, config=CONFIG).mean()
    assert_close("best weights give the best loss", again, state.best_loss, rtol=1e-12)
    assert np.isnan(np.asarray(info.train_loss[ran:])).all() and bool(info.finite.all())


def test_learns_and_the_penalty_shrinks_what_it_names(data):
    state, info = train(jax.random.key(0), data, 0.0, 0.0, rate=0.01)
    assert float(info.validation[-1]) < float(info.validation[0])
    own, centre = (state.params["params"]["head"][n] for n in ("deviation", "centre"))
    tied, _ = train(jax.random.key(0), data, 0.0, 100.0, rate=0.01)
    split, _ = train(jax.random.key(0), data, 100.0, 0.0, rate=0.01)
    assert float(jnp.abs(tied.params["params"]["head"]["deviation"]).mean()) < 0.5 * float(jnp.abs(own).mean())
    assert float(jnp.abs(split.params["params"]["head"]["centre"]).mean()) < 0.5 * float(jnp.abs(centre).mean())


def test_evaluation_counts_every_window_once(data):
    """50 windows in blocks of 16: the padded last block adds nothing."""
    params = MODEL.init(jax.random.key(1), jnp.zeros((1, 3, 8)))
    x, y = gather_windows(data.series, data.validation, lookback=8, horizon=2)
    reference = ((y - MODEL.apply(params, x)) ** 2).mean((0, 2))
    ours = evaluate_mse(MODEL, params, data.series, data.validation, config=CONFIG)
    assert_close("mse", ours, reference, rtol=1e-12)


def test_an_epoch_passes_every_window_once_in_an_order_of_its_own(data):
    """At a vanishing learning rate the mean of the epoch's batch losses is the loss of all windows,
    `sum_t mean|y_t - f_t(x_t)|^2 + lam_inv |H_0|^2 + gamma_inv sum_t |V_t|^2`; another key takes the windows in another order."""
    vanishing, big = (
        forecaster_training(MODEL, TrainConfig(8, 2, batch=20, learning_rate=rate, chunk=64)) for rate in (1e-12, 0.1)
    )
    state = jax.jit(lambda key: vanishing.init(key, data, None))(jax.random.key(1))
    head = state.params["params"]["head"]
    state.params["params"]["head"] = {**head, "deviation": 0.1 + head["deviation"]}
    _, info = jax.jit(vanishing.step)(jax.random.key(2), state, data, lam_inv=0.3, gamma_inv=0.2)
    x, y = gather_windows(data.series, data.train, lookback=8, horizon=2)
    error = np.square(y - MODEL.apply(state.params, x)).mean((0, 2))
    norms = 0.3 * np.square(head["centre"]).sum() + 0.2 * 3 * 16 * 2 * 0.1**2
    assert_close("loss", info.train_loss, error.sum() + norms, rtol=1e-9)
    step = jax.jit(big.step)
    one, other = (step(jax.random.key(k), state, data)[0].params["params"]["head"]["bias"] for k in (2, 3))
    assert not np.allclose(one, other, rtol=1e-6)


def test_first_update_is_adams(data):
    """One update of Adam moves every parameter with a slope by its learning rate."""
    config = TrainConfig(8, 2, batch=8, updates=1, learning_rate=0.01)
    algorithm = forecaster_training(MODEL, config)
    state = jax.jit(lambda key: algorithm.init(key, data, None))(jax.random.key(1))
    after, _ = jax.jit(algorithm.step)(jax.random.key(2), state, data)
    moved = jnp.abs(after.params["params"]["head"]["bias"] - state.params["params"]["head"]["bias"])
    assert_close("first step", moved, np.full((3, 2), 0.01), rtol=1e-6)


@pytest.mark.parametrize(
    "changes, penalties, message",
    [
        (dict(batch=100), {}, "batch got 100, but there are 80 training windows"),
        ({}, dict(lam_inv=-1.0), "lam_inv got -1"),
        ({}, dict(gamma_inv=float("nan")), "gamma_inv got nan"),
        (dict(learning_rate=0.0), {}, "learning_rate got 0"),
        (dict(patience=0), {}, "patience got 0"),
    ],
)
def test_runs_that_cannot_start_are_refused(data, changes, penalties, message):
    with pytest.raises(BadInput, match=message):
        check_training(data, TrainConfig(8, 2, **changes), **penalties)


def test_no_validation_window_is_refused(data):
    with pytest.raises(BadInput, match="no validation window"):
        check_training(data._replace(validation=jnp.arange(0)), TrainConfig(8, 2))
