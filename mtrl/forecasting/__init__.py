"""Forecasting of multichannel series: channels are tasks, windows are samples, the last linear layer carries the multitask penalty.

Ilbert, Tiomoko, Louart, Odonnat, Feofanov, Palpanas, Redko, NeurIPS 2024, arXiv 2406.10327, section 5.3.

- data: `pack` (checks, standardises, lays out the windows), splits `fraction_split`, `ett_split`, `split_rows`, and their parts
  `channel_scales`, `standardise`, `window_starts`, `gather_windows`, `centre_windows`, `window_moments`; `forecast` beyond the series' end.
- closed form: `fit_ridge`, `ridge_forecast`; every coupling of a grid: `coupling_scores`, `train_gcv`, `block_errors`, `held_out_curve`.
- networks: `build_model` makes one of `MODELS` (a `Forecaster`: normalisation, trunk, `Head`); `fit_forecaster` trains it with the penalty
  (`head_penalty`) and early stopping, `forecaster_training` epoch by epoch, `forecast_error` scores it.
- stand-in data: `ar_channels` (`ar_coefficients`, `ar_rollout`).

On one's own series, an array (row, channel); from a csv file with a `date` column that is `mtrl.data.read_csv_series(path).values`:

>>> import functools, jax, numpy as np
>>> from jax import jit
>>> from mtrl.forecasting import build_model, fit_forecaster, fit_ridge, forecast, pack, ridge_forecast
>>> jax.config.update("jax_enable_x64", True)
>>> time = np.arange(400)[:, None]
>>> series = 20 + np.sin(2 * np.pi * time / np.array([12, 12, 24])) + 0.1 * np.random.default_rng(0).normal(size=(400, 3))
>>> data = pack(series, lookback=24, horizon=4)
>>> ridge = jit(functools.partial(fit_ridge, lookback=24, horizon=4))(data)
>>> ahead = forecast(functools.partial(ridge_forecast, ridge), data, lookback=24)
>>> ahead.shape, bool(abs(ahead - 20).max() < 1.5), bool(ridge.validation < 0.05)
((4, 3), True, True)

and a network with the penalty, here for a few epochs:

>>> model = build_model("DLinearU", lookback=24, horizon=4)
>>> train = functools.partial(fit_forecaster, model=model, lookback=24, epochs=3, learning_rate=0.01)
>>> state, report = jit(train)(jax.random.key(0), data, lam_inv=0.01, gamma_inv=0.1)
>>> forecast(functools.partial(model.apply, state.best), data, lookback=24).shape, bool(report.finite.all())
((4, 3), True)
"""

from mtrl.forecasting.couplings import (
    CouplingScores,
    block_errors,
    coupling_scores,
    held_out_curve,
    moments_at,
    part_moments,
    train_gcv,
)
from mtrl.forecasting.forecaster import Forecaster
from mtrl.forecasting.head import HEADS, Head, head_penalty
from mtrl.forecasting.models import MODELS, MULTIVARIATE, SIZES, UNIVARIATE, build_model, sharpness_radius
from mtrl.forecasting.problem import ar_channels, ar_coefficients, ar_rollout
from mtrl.forecasting.ridge import RidgeForecaster, fit_ridge, ridge_forecast
from mtrl.forecasting.sharpness import sharpness_aware_gradient
from mtrl.forecasting.training import fit_forecaster, forecast_error, forecaster_training
from mtrl.forecasting.windows import (
    PARTS,
    Split,
    WindowData,
    centre_windows,
    channel_scales,
    check_series,
    check_windows,
    ett_split,
    forecast,
    fraction_split,
    gather_windows,
    pack,
    split_rows,
    standardise,
    window_moments,
    window_starts,
)

__all__ = [
    "HEADS", "MODELS", "MULTIVARIATE", "PARTS", "SIZES", "UNIVARIATE", "CouplingScores", "Forecaster", "Head",
    "RidgeForecaster", "Split", "WindowData", "ar_channels", "ar_coefficients", "ar_rollout", "block_errors",
    "build_model", "centre_windows", "channel_scales", "check_series", "check_windows", "coupling_scores",
    "ett_split", "fit_forecaster", "fit_ridge", "forecast", "forecast_error", "forecaster_training", "fraction_split",
    "gather_windows", "head_penalty", "held_out_curve", "moments_at", "pack", "part_moments", "ridge_forecast",
    "sharpness_aware_gradient", "sharpness_radius", "split_rows", "standardise", "train_gcv", "window_moments",
    "window_starts",
]  # fmt: skip
