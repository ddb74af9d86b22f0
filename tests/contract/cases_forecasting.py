"""Contract rows of the forecasting wing: networks, training, and the ridge on windows."""

import functools

import jax
import jax.numpy as jnp

from mtrl.forecasting import MODELS, WindowData, build_model, fit_forecaster, forecaster_training, window_moments
from mtrl.numerics.multitask_ridge import couple, decompose, fit
from tests.contract.table import Case

T, L, H = 3, 8, 2


def series_example(key, dtype):
    return (jax.random.normal(key, (40, T), dtype),)


def window_example(key, dtype):
    return (jax.random.normal(key, (2, T, L), dtype),)


def permute_last(arrays, perm):
    return (arrays[0][:, perm],)


def unpermute_tasks(output, perm):
    """Forecasts (batch, task, horizon)."""
    return output[:, jnp.argsort(perm)]


def ridge(key, series, *, gamma, lam):
    grams = window_moments(series, jnp.arange(20), lookback=L, horizon=H)
    spectra = decompose(grams)
    return fit(spectra, couple(spectra, jnp.full(T, gamma, series.dtype)), lam).weights


def forecast(key, x, *, name):
    model = build_model(name, lookback=L, horizon=H, sizes="small")
    return model.apply(model.init(jax.random.key(0), x), x)


def training(key, series, *, name, head="", **settings):
    state, info = fit_forecaster(
        key,
        WindowData(series, jnp.arange(20), jnp.arange(20, 30)),
        model=build_model(name, lookback=L, horizon=H, head=head),
        lookback=L,
        epochs=2,
        chunk=8,
        **settings,
    )
    return state.best["params"]["head"]["centre"], info.validation


TRAINING = dict(
    example=series_example,
    key_dependent=True,
    hyper=dict(lam_inv=0.1, gamma_inv=0.2, learning_rate=1e-3),
)
RIDGE = dict(
    example=series_example,
    permute=permute_last,
    unpermute=lambda weights, perm: weights[jnp.argsort(perm)],
    tasks=T,
)
DISTINCT = {  # SAMformer's network is the Transformer's with one head; at the start their forecasts agree, their training differs
    "PatchTST": ("forecast_DLinearU", "forecast_Transformer"),
    "DLinearU": ("forecast_Transformer",),
    "Transformer": ("forecast_iTransformer",),
    "iTransformer": ("forecast_PatchTST",),
}
CASES = [
    Case(
        "window_ridge_multitask",
        functools.partial(ridge, gamma=0.5, lam=0.7),
        differs_from=("window_ridge_independent",),
        **RIDGE,
    ),
    Case(
        "window_ridge_independent",
        functools.partial(ridge, gamma=0.5, lam=0.0),
        differs_from=("window_ridge_pooled",),
        **RIDGE,
    ),
    Case(
        "window_ridge_pooled",
        functools.partial(ridge, gamma=0.0, lam=0.7),
        differs_from=("window_ridge_multitask",),
        **RIDGE,
    ),
    *(
        Case(
            f"forecast_{name}",
            functools.partial(forecast, name=name),
            window_example,
            permute=permute_last,
            unpermute=unpermute_tasks,
            tasks=T,
            differs_from=DISTINCT.get(name, ()),
        )
        for name in MODELS
    ),
    Case(
        "training_adam",
        training,
        static=dict(name="DLinearU", batch=4, updates=2, rho=0.0),
        permute=permute_last,
        unpermute=lambda output, perm: output,
        tasks=T,
        differs_from=("training_sharpness_aware", "training_shared_head"),
        factory=forecaster_training,
        changed=dict(lam_inv=3.0, gamma_inv=5.0, learning_rate=0.1, batch=5, updates=3, rho=0.5),
        inert=dict(
            model="the rows forecast_* tell the networks apart",
            lookback="the data's, and the model's, size",
            patience="counts epochs that do not improve; two improve (see tests/nn/test_training.py)",
            chunk="only how many windows are validated at once",
        ),
        **TRAINING,
    ),
    Case(
        "training_sharpness_aware",
        training,
        static=dict(name="DLinearU", batch=4, updates=2, rho=0.5),
        **TRAINING,
    ),
    Case(
        "training_shared_head",
        training,
        static=dict(name="DLinearM", batch=4, updates=2, rho=0.0),
        **TRAINING,
    ),
]
