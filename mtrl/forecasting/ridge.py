"""The linear forecaster in closed form: multitask ridge from look-backs to horizons, its couplings chosen on the validation windows.

Ilbert et al. (2024), sections 3 and 5.3, with d = L features and q = H outputs per channel, both sides relative to the window's mean.
LARGE lam means much sharing, large gamma much freedom for each channel.
"""

from collections.abc import Sequence
from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Bool, Float

from mtrl.forecasting.windows import WindowData, window_moments
from mtrl.numerics.checks import check_nonnegative
from mtrl.numerics.multitask_ridge import couple, decompose, fit, score_grid


class RidgeForecaster(NamedTuple):
    """The chosen fit."""

    maps: Float[Array, "task dim horizon"]  # W_t/sqrt(T d)
    gamma: Float[Array, ""]
    lam: Float[Array, ""]
    validation: Float[Array, ""]  # its mean squared error on the validation windows
    finite: Bool[Array, ""]  # the validation errors of all couplings are finite


def fit_ridge(
    data: WindowData,
    *,
    lookback: int,
    horizon: int,
    gammas: ArrayLike | Sequence[float] = (0.001, 0.01, 0.1, 1.0, 10.0),
    lams: ArrayLike | Sequence[float] = (0.0, 0.001, 0.01, 0.1, 1.0, 10.0, 100.0),
) -> RidgeForecaster:
    """Fit every coupling on the train windows and take the one with the least validation error.

    Args:
      data: from `pack`.
      lookback, horizon: L and H, rows.
      gammas, lams: the grid, each >= 0.

    Raises:
      BadInput: a negative coupling.
    """
    check_nonnegative(gammas=gammas, lams=lams)
    gammas, lams = (jnp.asarray(grid, data.series.dtype) for grid in (gammas, lams))
    sizes = dict(lookback=lookback, horizon=horizon)
    train, valid = (window_moments(data.series, starts, **sizes) for starts in (data.train, data.validation))
    errors = score_grid(train, (valid,), gammas=gammas, lams=lams).errors[..., 1]
    row, col = jnp.unravel_index(jnp.argmin(errors), errors.shape)
    spectra = decompose(train)
    weights = fit(spectra, couple(spectra, jnp.full(len(train.count), gammas[row])), lams[col]).weights
    root = jnp.sqrt(jnp.asarray(len(train.count) * lookback, weights.dtype))
    return RidgeForecaster(weights / root, gammas[row], lams[col], errors[row, col], jnp.isfinite(errors).all())


def ridge_forecast(fitted: RidgeForecaster, x: Float[Array, "sample task dim"]) -> Float[Array, "sample task horizon"]:
    """Horizons of standardised windows."""
    level = x.mean(-1, keepdims=True)
    return level + jnp.einsum("ntd,tdh->nth", x - level, fitted.maps)
