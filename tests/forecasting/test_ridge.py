"""The closed-form forecaster: the fit is the penalised minimum, the choice is the grid's best."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtrl.forecasting import ar_channels, centre_windows, fit_ridge, gather_windows, pack, ridge_forecast
from mtrl.numerics.errors import BadInput
from tests.helpers import assert_close

L, H = 6, 2


@pytest.fixture(scope="module")
def data():
    return pack(ar_channels(jax.random.key(3), tasks=3, rows=150), lookback=L, horizon=H)


def errors(fitted, data, starts):
    x, y = gather_windows(data.series, starts, lookback=L, horizon=H)
    return float(((y - ridge_forecast(fitted, x)) ** 2).mean())


def test_the_choice_is_the_best_of_the_grid_on_the_validation_windows(data):
    fit = jax.jit(functools.partial(fit_ridge, lookback=L, horizon=H))
    grid = dict(gammas=[0.01, 1.0], lams=[0.0, 0.3])
    chosen = fit(data, **{k: jnp.asarray(v) for k, v in grid.items()})
    each = [fit(data, gammas=jnp.array([g]), lams=jnp.array([m])) for g in grid["gammas"] for m in grid["lams"]]
    valid = [errors(one, data, data.validation) for one in each]
    best = each[int(np.argmin(valid))]
    assert (float(chosen.gamma), float(chosen.lam)) == (float(best.gamma), float(best.lam))
    assert_close("maps", chosen.maps, best.maps, rtol=1e-10)
    assert_close("validation", chosen.validation, min(valid), rtol=1e-8)
    assert bool(chosen.finite)


def test_uncoupled_fits_are_ridge_regressions_and_nan_is_told(data):
    """lam = 0: one ridge per channel with penalty T d/gamma."""
    fitted = fit_ridge(data, lookback=L, horizon=H, gammas=[0.7], lams=[0.0])
    x, y = centre_windows(*gather_windows(data.series, data.train, lookback=L, horizon=H))
    for t in range(3):
        a, b = np.asarray(x[:, t]), np.asarray(y[:, t])
        assert_close("map", fitted.maps[t], np.linalg.solve(a.T @ a + 3 * L / 0.7 * np.eye(L), a.T @ b), rtol=1e-9)
    spoilt = data._replace(series=data.series.at[3, 0].set(jnp.nan))
    assert not bool(jax.jit(functools.partial(fit_ridge, lookback=L, horizon=H))(spoilt).finite)
    with pytest.raises(BadInput, match="gram holds nan"):
        fit_ridge(spoilt, lookback=L, horizon=H)
    with pytest.raises(BadInput, match="lams got -1"):
        fit_ridge(data, lookback=L, horizon=H, lams=[-1.0])
