"""Training of one network at several penalties, as a pure function for `over_seeds`, and the settings both network figures share."""

import dataclasses
from typing import Any, NamedTuple

import numpy as np

from experiments.rmt_forecasting.problems import AR_ROWS, STAND_INS, DataConfig, Problem, check_results
from experiments.rmt_forecasting.ridge import GAMMAS, LAMS
from mtrl import forecasting
from mtrl.harness import evaluate, field, jax, jnp, over_seeds
from mtrl.numerics import multitask_ridge

UNIVARIATE = ("PatchTST", "DLinearU", "Transformer")  # of `forecasting`, as the next two
MODELS = (*UNIVARIATE, "DLinearM", "SAMformer", "iTransformer")
SIZES = ("paper", "small")


@dataclasses.dataclass(frozen=True)
class NetworkConfig(DataConfig):
    """Settings of the network figures; the defaults train small networks briefly, the `paper` preset follows the paper's protocol."""

    seeds: int = field(8, help="initialisations and batch orders per network", lower=2)
    file_seeds: int = field(
        3, help="the first so many seeds train on the files (the paper has 3), all on the stand-ins", lower=2
    )
    sizes: str = field("small", help="network sizes: as published, or small ones for a CPU", choices=SIZES)
    epochs: int = field(12, help="most epochs", lower=1)
    updates: int = field(40, help="Adam updates per epoch; 0 goes once through the training windows", lower=0)
    batch: int = field(32, help="windows per update", lower=1)
    patience: int = field(5, help="epochs without a better validation error before stopping", lower=1)
    validation_stride: int = field(16, help="validate on every k-th window of the files", lower=1)


PAPER = dict(sizes="paper", epochs=100, updates=0, validation_stride=1, horizons=(96, 192, 336, 720))


class Trained(NamedTuple):
    """Errors averaged over channels, in standardised units."""

    test: "jax.Array"  # of the best epoch's weights, all test windows
    validation: "jax.Array"  # its validation error
    epochs: "jax.Array"  # epochs trained before stopping


def train_at_penalties(
    key,
    penalties,
    series,
    *,
    model: str,
    sizes: str,
    split: "forecasting.Split",
    lookback: int,
    horizon: int,
    stride: int,
    **settings: Any,
) -> Trained:
    """One network trained at every (lam_inv, gamma_inv) in `penalties` (pair, 2) from the same start; fields have a pair axis.

    `settings` go to `fit_forecaster`.
    """
    series = series.astype(jnp.float32)
    z = forecasting.standardise(series, split.train)
    train, validation, test = (jnp.asarray(forecasting.window_starts(span, lookback, horizon)) for span in split)
    network = forecasting.build_model(model, lookback=lookback, horizon=horizon, sizes=sizes)
    data = forecasting.WindowData(z, train, validation[::stride])
    fixed = dict(model=network, lookback=lookback, **settings)

    def at(pair):
        state, info = forecasting.fit_forecaster(key, data, lam_inv=pair[0], gamma_inv=pair[1], **fixed)
        test_error = forecasting.forecast_error(network, state.best, z, test, lookback=lookback).mean()
        return Trained(test_error, state.best_loss, info.running.sum())

    return jax.lax.map(at, penalties.astype(jnp.float32))


def fixed_series(problem: Problem) -> np.ndarray:
    """The series networks are trained on; for the AR stand-in one fixed draw, so that seeds vary the training alone."""
    if problem.series is not None:
        return problem.series
    return np.asarray(forecasting.ar_channels(jax.random.key(0), rows=AR_ROWS, share=problem.share))


def train(problem: Problem, config: NetworkConfig, model: str, penalties: np.ndarray, seeds) -> Trained:
    """Train `model` on a problem at every penalty, fields (seed, pair); NaN for the seeds that do not train on files."""
    used = seeds[: config.file_seeds] if problem.source not in STAND_INS else seeds
    series = fixed_series(problem)
    starts = [forecasting.window_starts(span, problem.lookback, problem.horizon) for span in problem.split]
    # A lane is a seed with half of the penalties, so that few seeds still keep two devices busy.
    halves = 2 if len(penalties) % 2 == 0 else 1
    trained = over_seeds(
        train_at_penalties,
        np.repeat(used, halves),
        series,
        per_seed=(np.tile(np.split(penalties, halves), (len(used), 1, 1)),),
        model=model,
        sizes=config.sizes,
        split=problem.split,
        lookback=problem.lookback,
        horizon=problem.horizon,
        stride=1 if len(starts[1]) < 500 else config.validation_stride,
        epochs=config.epochs,
        batch=config.batch,
        updates=config.updates,
        learning_rate=problem.learning_rate,
        patience=config.patience,
        rho=forecasting.sharpness_radius(model),
    )
    check_results(problem, test=trained.test, validation=trained.validation)
    unused = ((0, len(seeds) - len(used)), (0, 0))
    whole = (part.reshape(len(used), -1).astype(float) for part in trained)
    return Trained(*(np.pad(part, unused, constant_values=np.nan) for part in whole))


def gcv_scores(series, gammas, lams, *, split: "forecasting.Split", lookback: int, horizon: int):
    """GCV on the training windows over the (gamma, lam) grid."""
    z, starts = forecasting.standardise(series, split.train), forecasting.window_starts(split.train, lookback, horizon)
    grams = forecasting.window_moments(z, jnp.asarray(starts), lookback=lookback, horizon=horizon)
    return multitask_ridge.score_grid(grams, (), gammas=gammas, lams=lams).gcv


_PENALTIES: dict[tuple, tuple[float, float]] = {}  # the cells of the table share them


def theory_penalty(problem: Problem) -> tuple[float, float]:
    """(lam_inv, gamma_inv) that the closed form's GCV chooses from the training windows alone.

    `lam_inv = T d/(lam n q)`, `gamma_inv = T d/(gamma n q)` (see `mtrl.forecasting.head`); exact for a linear trunk, a guess otherwise.
    """
    series = fixed_series(problem)
    sizes = dict(split=problem.split, lookback=problem.lookback, horizon=problem.horizon)
    known = (problem.label, *sizes.values(), series.tobytes())
    if known not in _PENALTIES:
        gcv = evaluate(gcv_scores, series, np.array(GAMMAS[1:]), np.array(LAMS[1:]), **sizes)
        row, col = np.unravel_index(np.argmin(gcv), gcv.shape)
        windows = len(forecasting.window_starts(problem.split.train, problem.lookback, problem.horizon))
        unit = series.shape[1] * problem.lookback / (windows * problem.horizon)
        _PENALTIES[known] = unit / LAMS[1:][col], unit / GAMMAS[1:][row]
    return _PENALTIES[known]
