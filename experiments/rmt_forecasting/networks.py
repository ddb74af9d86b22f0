"""What the two network figures share: settings, and the training of one network at several penalties."""

import dataclasses
import functools
from typing import Any, NamedTuple

import numpy as np

from experiments.rmt_forecasting.protocol import AR_ROWS, STAND_INS, UNIVARIATE, DataConfig, Problem, check_results
from experiments.rmt_forecasting.ridge import GAMMAS, LAMS, part_moments
from mtrl import forecasting
from mtrl.harness import evaluate, field, jax, jnp, over_seeds
from mtrl.harness.judge.measures import bootstrap
from mtrl.numerics import multitask_ridge

MULTIVARIATE = ("DLinearM", "SAMformer", "iTransformer")  # of `forecasting`, as the next two
MODELS = (*UNIVARIATE, *MULTIVARIATE)
SIZES = ("paper", "small")
PAPER = dict(sizes="paper", epochs=100, updates=0, validation_stride=1, horizons=(96, 192, 336, 720))
SMOKE = dict(series=("AR",), seeds=2, epochs=2, updates=3)


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


def penalties(of: str, *values: float) -> Any:
    """A field for penalties, which multiply: LARGE lam_inv means little sharing."""
    return field(values, help=f"MULTIPLIED penalties of {of}", lower=0.0, strict=True, distinct=True)


class Trained(NamedTuple):
    """Errors averaged over channels, in standardised units."""

    test: "jax.Array"  # of the best epoch's weights, all test windows
    validation: "jax.Array"  # its validation error
    epochs: "jax.Array"  # epochs trained before stopping


def train_at_penalties(
    key, pairs, series, *, model: str, sizes: str, split: "forecasting.Split", stride: int, **settings
):
    """One network trained at every (lam_inv, gamma_inv) in `pairs` (pair, 2) from the same start; fields have a pair axis."""
    windows = {name: settings[name] for name in ("lookback", "horizon")}
    z = forecasting.standardise(series.astype(jnp.float32), split.train)
    train, validation, test = (jnp.asarray(forecasting.window_starts(span, **windows)) for span in split)
    network = forecasting.build_model(model, sizes=sizes, **windows)
    data = forecasting.WindowData(z, train, validation[::stride])
    fixed = dict({name: x for name, x in settings.items() if name != "horizon"}, model=network)

    def at(pair):
        state, info = forecasting.fit_forecaster(key, data, lam_inv=pair[0], gamma_inv=pair[1], **fixed)
        error = forecasting.forecast_error(network, state.best, z, test, lookback=settings["lookback"])
        return Trained(error.mean(), state.best_loss, info.running.sum())

    return jax.lax.map(at, pairs.astype(jnp.float32))


def draw_series(key, share, *, rows: int):
    """The AR stand-in."""
    return forecasting.ar_channels(key, rows=rows, share=share)


def fixed_series(problem: Problem) -> np.ndarray:
    """The series networks are trained on; for the AR stand-in one fixed draw, so that seeds vary the training alone."""
    if problem.series is not None:
        return problem.series
    return over_seeds(draw_series, [0], problem.share, rows=AR_ROWS)[0]


def train(problem: Problem, config: NetworkConfig, model: str, pairs: np.ndarray, seeds) -> Trained:
    """Train `model` on a problem at every penalty, fields (seed, pair); NaN for the seeds that do not train on files."""
    used = seeds if problem.source in STAND_INS else seeds[: config.file_seeds]
    validation = len(forecasting.window_starts(problem.split.validation, problem.lookback, problem.horizon))
    # A lane is a seed with half of the penalties, so that few seeds still keep two devices busy. On a CPU lanes in turn run as fast as
    # lanes at once, and compile in two thirds of the time.
    halves = 2 if len(pairs) % 2 == 0 else 1
    trained = over_seeds(
        train_at_penalties,
        np.repeat(used, halves),
        fixed_series(problem),
        per_seed=(np.tile(np.split(pairs, halves), (len(used), 1, 1)),),
        in_turn=config.sizes == "small",
        model=model,
        stride=1 if validation < 500 else config.validation_stride,
        learning_rate=1e-4 if problem.source == "Weather" else 1e-3,
        rho=forecasting.sharpness_radius(model),
        **{name: getattr(config, name) for name in ("sizes", "epochs", "batch", "updates", "patience")},
        **problem.sizes,
    )
    check_results(problem, test=trained.test, validation=trained.validation)
    unused = ((0, len(seeds) - len(used)), (0, 0))
    whole = (part.reshape(len(used), -1).astype(float) for part in trained)
    return Trained(*(np.pad(part, unused, constant_values=np.nan) for part in whole))


def gcv_scores(series, gammas, lams, *, split: "forecasting.Split", **sizes: int):
    """GCV on the training windows over the (gamma, lam) grid."""
    windows, *_ = part_moments(forecasting.standardise(series, split.train), split=split, **sizes)
    return multitask_ridge.score_grid(windows, (), gammas=gammas, lams=lams).gcv


@functools.lru_cache(maxsize=64)  # the cells of the table share them
def _chosen_coupling(series: bytes, channels: int, sizes: tuple) -> tuple[float, float]:
    values = np.frombuffer(series).reshape(-1, channels)
    gcv = evaluate(gcv_scores, values, np.array(GAMMAS[1:]), np.array(LAMS[1:]), **dict(sizes))
    row, col = np.unravel_index(np.argmin(gcv), gcv.shape)
    return GAMMAS[1:][row], LAMS[1:][col]


def theory_penalty(problem: Problem) -> tuple[float, float]:
    """(lam_inv, gamma_inv) that the closed form's GCV chooses from the training windows alone.

    `lam_inv = T d/(lam n q)`, `gamma_inv = T d/(gamma n q)` (see `mtrl.forecasting.head`); exact for a linear trunk, a guess otherwise.
    """
    series = fixed_series(problem)
    gamma, lam = _chosen_coupling(series.tobytes(), series.shape[1], tuple(problem.sizes.items()))
    windows = len(forecasting.window_starts(problem.split.train, problem.lookback, problem.horizon))
    unit = series.shape[1] * problem.lookback / (windows * problem.horizon)
    return unit / lam, unit / gamma


def change_by(test, score, plain):
    """Measure: relative change of the test error from no penalty to the penalty of the lowest score, chosen anew in every resample."""
    return bootstrap(lambda test, score, plain: test.flat[np.argmin(score)] / plain - 1, test, score, plain)
