"""Our sides: the training that the study of forecasting runs, what it starts from, and the closed form over a grid of couplings."""

from __future__ import annotations  # naming the library's types must not load it, and JAX with it, for a command line

from typing import Any, NamedTuple

import numpy as np

from mtrl import forecasting, nn
from mtrl.harness import evaluate, jax, jnp, over_seeds, split_named

LAM_INV, GAMMA_INV, RATE = 0.01, 0.1, 1e-3  # penalties of the shared and the channels' own heads; Adam's rate
GAMMAS, LAMS = (0.001, 0.01, 0.1, 1.0, 10.0), (0.001, 0.01, 0.1, 1.0, 10.0, 100.0)


class Sizes(NamedTuple):
    """Of a training: windows, epochs, Adam updates of an epoch and windows of an update."""

    lookback: int
    horizon: int
    epochs: int
    updates: int
    batch: int


class Start(NamedTuple):
    """What every side of a training gets, with a leading seed axis."""

    weights: Any
    rows: Any  # (seed, epoch, update, sample) where the windows of every update begin


class End(NamedTuple):
    """What every side of a training gives."""

    weights: Any
    validation: Any  # (seed, epoch) mean squared error


def series(*, tasks: int, rows: int, lookback: int, horizon: int, single: bool) -> forecasting.WindowData:
    """An autoregressive series, standardised, in 32 bits as networks are trained, or in 64."""
    raw = over_seeds(forecasting.ar_channels, [0], tasks=tasks, rows=rows)[0]
    data = forecasting.pack(raw, lookback=lookback, horizon=horizon)
    return data._replace(series=data.series.astype(jnp.float32)) if single else data


def training(name: str, sizes: Sizes) -> dict[str, Any]:
    """Settings of `fit_forecaster`; nothing stops early, so that every side makes all updates."""
    windows = dict(lookback=sizes.lookback, horizon=sizes.horizon)
    return dict(
        model=forecasting.build_model(name, sizes="small", **windows),
        **{name: getattr(sizes, name) for name in ("lookback", "batch", "updates")},
        **dict(lam_inv=LAM_INV, gamma_inv=GAMMA_INV, learning_rate=RATE, patience=sizes.epochs + 1),
    )


def train(key: Any, data: forecasting.WindowData, *, name: str, sizes: Sizes) -> End:
    """One seed."""
    state, report = forecasting.fit_forecaster(key, data, epochs=sizes.epochs, **training(name, sizes))
    return End(state.now.params["params"], report.validation)


def start(key: Any, data: forecasting.WindowData, *, name: str, sizes: Sizes) -> Start:
    """The weights that `train` starts from, and its batches."""
    keys = split_named(key, "init", "epochs")
    state = forecasting.forecaster_training(**training(name, sizes)).init(keys["init"], data)
    shuffle = nn.shuffled(data.train, updates=sizes.updates, batch=sizes.batch)
    epochs = jax.random.split(keys["epochs"], sizes.epochs)
    rows = jax.vmap(lambda key: shuffle(split_named(key, "shuffle", "dropout")["shuffle"]))(epochs)
    return Start(state.now.params["params"], rows)


def trained(data: forecasting.WindowData, seeds: np.ndarray, name: str, sizes: Sizes) -> Any:
    """A callable: all seeds, in turn on every device as the study trains them."""
    return lambda: over_seeds(train, seeds, data, in_turn=True, name=name, sizes=sizes)


def closed_form(data: forecasting.WindowData, lookback: int, horizon: int) -> Any:
    """A callable: every coupling fitted, the one of the least validation error taken."""
    return lambda: evaluate(fit, data, lookback=lookback, horizon=horizon)


def fit(data: forecasting.WindowData, *, lookback: int, horizon: int) -> Any:
    """(maps, validation error) of the chosen coupling."""
    found = forecasting.fit_ridge(data, lookback=lookback, horizon=horizon, gammas=GAMMAS, lams=LAMS)
    return found.maps, found.validation
