"""Training of a forecaster: Adam on shuffled batches with early stopping, one step = one epoch.

Protocol of Ilbert et al. (2024, section 5.3 and the SAMformer code it builds on): Adam, batches of 32 windows, at most 100 epochs, patience
5 on the validation error, the best epoch's weights kept. The loss is `sum_t mean|y_t - f_t(x_t)|^2` (mean over windows and horizon)
plus the multitask penalty. Shapes are fixed: after stopping, the remaining epochs leave the state as it is.
"""

import dataclasses
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Bool, Float, Int

from mtrl.forecasting.forecaster import Forecaster
from mtrl.forecasting.head import penalty
from mtrl.forecasting.sharpness import sharpness_aware_gradient
from mtrl.forecasting.windows import gather_windows, padded_chunks
from mtrl.numerics.algorithm import Algorithm
from mtrl.numerics.errors import BadInput
from mtrl.numerics.keys import split_named
from mtrl.numerics.types import PRNGKey, Scalar


class Data(NamedTuple):
    """A standardised series and where its windows begin."""

    series: Float[Array, "row task"]
    train: Int[Array, " sample"]
    validation: Int[Array, " valid"]


@dataclasses.dataclass(frozen=True)
class TrainConfig:
    """Everything that fixes shapes or the optimiser; hashable.

    Attributes:
      lookback: L.
      horizon: H.
      batch: windows per update.
      updates: updates per epoch; 0 means every full batch of the training windows (the last, smaller one is dropped).
      learning_rate: of Adam.
      patience: epochs without a better validation error before stopping.
      rho: sharpness-aware radius; 0 means plain gradients.
      chunk: windows per block when evaluating.
    """

    lookback: int
    horizon: int
    batch: int = 32
    updates: int = 0
    learning_rate: float = 1e-3
    patience: int = 5
    rho: float = 0.0
    chunk: int = 128


class State(NamedTuple):
    """State of one training run."""

    params: Any  # current weights
    optimiser: Any  # Adam's moments
    best: Any  # weights of the best epoch so far
    best_loss: Float[Array, ""]  # its validation error
    waited: Int[Array, ""]  # epochs since then
    stopped: Bool[Array, ""]


class Info(NamedTuple):
    """What one epoch reports; after stopping the errors repeat the best epoch's."""

    train_loss: Float[Array, ""]  # mean of the penalised loss over the epoch's updates; NaN when not running
    validation: Float[Array, ""]  # mean squared error, averaged over channels
    running: Bool[Array, ""]  # this epoch trained
    finite: Bool[Array, ""]  # its validation error is finite


def check_training(data: Data, config: TrainConfig, *, lam_inv: Scalar = 0.0, gamma_inv: Scalar = 0.0) -> None:
    """Refuse a run that cannot start.

    Raises:
      BadInput: fewer windows than one batch, no validation window, a negative penalty, or a non-positive learning rate or patience.
    """
    if data.train.shape[0] < config.batch:
        raise BadInput(
            f"batch got {config.batch}, but there are {data.train.shape[0]} training windows; choose a smaller batch"
        )
    if data.validation.shape[0] < 1:
        raise BadInput("there is no validation window, but early stopping needs at least one; choose a shorter horizon")
    for name, value in (("lam_inv", lam_inv), ("gamma_inv", gamma_inv), ("rho", config.rho)):
        if not (jnp.isfinite(value) and value >= 0):
            raise BadInput(f"{name} got {float(value):g}, but must be a finite number >= 0")
    for name, value in (("learning_rate", config.learning_rate), ("patience", config.patience)):
        if not value > 0:
            raise BadInput(f"{name} got {value:g}, but must be more than 0")


def evaluate_mse(
    model: Forecaster,
    params: Any,
    series: Float[Array, "row task"],
    starts: Int[Array, " sample"],
    *,
    config: TrainConfig,
) -> Float[Array, " task"]:
    """Mean squared error per channel over all windows at `starts` (no window dropped), in blocks of `config.chunk`."""
    blocks, weights = padded_chunks(starts, min(config.chunk, starts.shape[0]))

    def add(total, block):
        rows, weight = block
        x, y = gather_windows(series, rows, lookback=config.lookback, horizon=config.horizon)
        error = ((y - model.apply(params, x)) ** 2).mean(-1)
        return total + weight.astype(series.dtype) @ error, None

    total, _ = jax.lax.scan(add, jnp.zeros(series.shape[1], series.dtype), (blocks, weights))
    return total / starts.shape[0]


def forecaster_training(model: Forecaster, config: TrainConfig) -> Algorithm:
    """The algorithm: `init(key, data, None)`, `step(key, state, data, *, lam_inv, gamma_inv)` is one epoch.

    Args:
      model: the network.
      config: sizes and optimiser.
    """
    adam = optax.adam(config.learning_rate)

    def init(key: PRNGKey, problem: Data, _config: Any = None) -> State:
        """Fresh weights; nothing is best yet."""
        dtype = problem.series.dtype
        window = jnp.zeros((1, problem.series.shape[1], config.lookback), dtype)
        params = model.init(key, window)
        best_loss = jnp.asarray(jnp.inf, dtype)
        return State(params, adam.init(params), params, best_loss, jnp.asarray(0, jnp.int32), jnp.asarray(False))

    def update(carry, xs, data, lam_inv, gamma_inv):
        """One Adam update on one batch of windows."""
        params, optimiser = carry
        rows, key = xs
        x, y = gather_windows(data.series, rows, lookback=config.lookback, horizon=config.horizon)

        def loss(p):
            forecast = model.apply(p, x, train=True, rngs={"dropout": key})
            return ((y - forecast) ** 2).mean((0, 2)).sum() + penalty(p, lam_inv=lam_inv, gamma_inv=gamma_inv)

        if config.rho > 0:
            value, gradient = sharpness_aware_gradient(loss, params, rho=config.rho)
        else:
            value, gradient = jax.value_and_grad(loss)(params)
        change, optimiser = adam.update(gradient, optimiser, params)
        return (optax.apply_updates(params, change), optimiser), value

    def step(
        key: PRNGKey, state: State, data: Data, *, lam_inv: Scalar = 0.0, gamma_inv: Scalar = 0.0
    ) -> tuple[State, Info]:
        """One epoch: shuffled updates, validation, early stopping by masks."""
        keys = split_named(key, "shuffle", "dropout")
        updates = config.updates or data.train.shape[0] // config.batch
        order = jax.random.permutation(keys["shuffle"], data.train)
        if updates * config.batch > order.shape[0]:  # more updates than one pass: go round again
            order = jnp.tile(order, -(-updates * config.batch // order.shape[0]))
        batches = order[: updates * config.batch].reshape(updates, config.batch)
        drops = jax.random.split(keys["dropout"], updates)
        penalties = [jnp.asarray(value, data.series.dtype) for value in (lam_inv, gamma_inv)]
        (params, optimiser), losses = jax.lax.scan(
            lambda carry, xs: update(carry, xs, data, *penalties), (state.params, state.optimiser), (batches, drops)
        )
        error = evaluate_mse(model, params, data.series, data.validation, config=config).mean()
        better = error < state.best_loss
        waited = jnp.where(better, 0, state.waited + 1)
        new = State(
            params,
            optimiser,
            _where(better, params, state.best),
            jnp.where(better, error, state.best_loss),
            waited,
            waited >= config.patience,
        )
        running = ~state.stopped
        info = Info(
            jnp.where(running, losses.mean(), jnp.nan),
            jnp.where(running, error, state.best_loss),
            running,
            jnp.isfinite(error),
        )
        return _where(running, new, state), info

    return Algorithm(init, step)


def fit_forecaster(
    key: PRNGKey,
    data: Data,
    *,
    model: Forecaster,
    config: TrainConfig,
    epochs: int,
    lam_inv: Scalar = 0.0,
    gamma_inv: Scalar = 0.0,
) -> tuple[State, Info]:
    """Scan `epochs` epochs; `state.best` holds the weights to use, `info` has an epoch axis."""
    keys = split_named(key, "init", "epochs")
    algorithm = forecaster_training(model, config)
    state = algorithm.init(keys["init"], data, None)

    def one(state, key):
        return algorithm.step(key, state, data, lam_inv=lam_inv, gamma_inv=gamma_inv)

    return jax.lax.scan(one, state, jax.random.split(keys["epochs"], epochs))


def _where(condition: Bool[Array, ""], yes: Any, no: Any) -> Any:
    return jax.tree.map(lambda a, b: jnp.where(condition, a, b), yes, no)
