"""Training of a forecaster: Adam on shuffled batches of windows with early stopping, one step = one epoch.

Protocol of Ilbert et al. (2024, section 5.3 and the SAMformer code it builds on): Adam, batches of 32 windows, at most 100 epochs, patience
5 on the validation error, the best epoch's weights kept. The loss is `sum_t mean|y_t - f_t(x_t)|^2` (mean over windows and horizon)
plus the multitask penalty.
"""

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from mtrl import nn
from mtrl.forecasting.forecaster import Forecaster
from mtrl.forecasting.head import head_penalty
from mtrl.forecasting.sharpness import sharpness_aware_gradient
from mtrl.forecasting.windows import WindowData, gather_windows
from mtrl.numerics.algorithm import Iteration
from mtrl.numerics.checks import check_nonnegative, check_positive, check_whole
from mtrl.numerics.errors import BadInput
from mtrl.numerics.keys import split_named
from mtrl.numerics.types import PRNGKey, Scalar


def forecast_error(
    model: Forecaster,
    params: Any,
    series: Float[Array, "row task"],
    starts: Int[Array, " sample"],
    *,
    lookback: int,
    chunk: int = 128,
) -> Float[Array, " task"]:
    """Mean squared error per channel over all windows at `starts` (no window dropped), `chunk` of them at a time."""

    def errors(rows):
        x, y = gather_windows(series, rows, lookback=lookback, horizon=model.horizon)
        return ((y - jnp.asarray(model.apply(params, x))) ** 2).mean(-1)

    return nn.mean_over_rows(errors, starts, chunk=chunk)


def forecaster_training(
    *,
    model: Forecaster,
    lookback: int,
    lam_inv: Scalar = 0.0,
    gamma_inv: Scalar = 0.0,
    batch: int = 32,
    updates: int = 0,
    learning_rate: Scalar = 1e-3,
    patience: int = 5,
    rho: float = 0.0,
    chunk: int = 128,
) -> Iteration:
    """The training as an iteration over `WindowData`: state `nn.Training`, report `nn.Epoch`.

    Args:
      model: the network (static).
      lookback: L (static).
      lam_inv, gamma_inv: MULTIPLIED penalties of the shared head H_0 and the channels' own V_t; large means little sharing, small freedom.
      batch: windows per update (static).
      updates: per epoch (static); 0 means every full batch of the training windows (the last, smaller one is dropped).
      learning_rate: of Adam.
      patience: epochs without a better validation error before stopping.
      rho: sharpness-aware radius (static); 0 means plain gradients.
      chunk: windows per block when validating (static).

    Raises:
      BadInput: an argument outside its range; from `init`, fewer training windows than one batch, or no validation window.
    """
    check_nonnegative(lam_inv=lam_inv, gamma_inv=gamma_inv, rho=rho)
    check_positive(learning_rate=learning_rate)
    check_whole(patience=patience, batch=batch, lookback=lookback, chunk=chunk)
    check_whole(updates=updates, lower=0)
    adam = nn.adam(learning_rate)

    def init(key: PRNGKey, data: WindowData) -> nn.Training:
        """Fresh weights; nothing is best yet."""
        windows = data.train.shape[0]
        if windows < batch:
            raise BadInput(f"batch got {batch}, but there are {windows} training windows; choose a smaller batch")
        if data.validation.shape[0] < 1:
            raise BadInput("there is no validation window, but early stopping needs one; choose a shorter horizon")
        return nn.train_init(model.init(key, jnp.zeros((1, data.series.shape[1], lookback), data.series.dtype)), adam)

    def step(key: PRNGKey, state: nn.Training, data: WindowData) -> tuple[nn.Training, nn.Epoch]:
        """One epoch."""
        penalties = dict(
            lam_inv=jnp.asarray(lam_inv, data.series.dtype), gamma_inv=jnp.asarray(gamma_inv, data.series.dtype)
        )

        def sample(key):
            keys = split_named(key, "shuffle", "dropout")
            rows = nn.shuffled(data.train, updates=updates, batch=batch)(keys["shuffle"])
            return rows, jax.random.split(keys["dropout"], len(rows))

        def loss(params, drawn):
            rows, drop = drawn
            x, y = gather_windows(data.series, rows, lookback=lookback, horizon=model.horizon)
            forecast = jnp.asarray(model.apply(params, x, train=True, rngs={"dropout": drop}))
            return ((y - forecast) ** 2).mean((0, 2)).sum() + head_penalty(params, **penalties)

        def validate(params):
            return forecast_error(model, params, data.series, data.validation, lookback=lookback, chunk=chunk).mean()

        def sharp(loss, params):
            return sharpness_aware_gradient(loss, params, rho=rho)

        slope = dict(slope=sharp) if rho > 0 else {}
        return nn.train_epoch(
            key, state, sample=sample, loss=loss, validate=validate, optimiser=adam, patience=patience, **slope
        )

    return Iteration(init, step)


def fit_forecaster(key: PRNGKey, data: WindowData, *, epochs: int, **settings: Any) -> tuple[nn.Training, nn.Epoch]:
    """Train for at most `epochs` epochs; `best` of the state holds the weights to use, the report has an epoch axis.

    Args:
      key: split into "init" and "epochs".
      data: from `pack`.
      epochs: most epochs (static).
      **settings: of `forecaster_training`.
    """
    keys = split_named(key, "init", "epochs")
    training = forecaster_training(**settings)
    state = training.init(keys["init"], data)
    return nn.train(jax.random.split(keys["epochs"], epochs), state, data, step=training.step)
