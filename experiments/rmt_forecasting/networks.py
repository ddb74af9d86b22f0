"""What the two network figures share: settings, and the training of one network at several penalties."""

import itertools
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np

from experiments.rmt_forecasting import protocol
from experiments.rmt_forecasting.protocol import UNIVARIATE, Problem
from experiments.rmt_forecasting.ridge import GAMMAS, LAMS
from mtrl import forecasting
from mtrl.harness import evaluate, field, jax, jnp, over_seeds, split_named
from mtrl.harness.judge.measures import bootstrap

MULTIVARIATE = ("DLinearM", "SAMformer", "iTransformer")  # of `forecasting`, as the next two
MODELS = (*UNIVARIATE, *MULTIVARIATE)
SIZES = ("paper", "small")
PAPER = dict(sizes="paper", epochs=100, updates=0, validation_stride=1, horizons=(96, 192, 336, 720))
SMOKE = dict(series=("AR",), seeds=2, epochs=2, updates=3, lam_inv=(0.01, 1.0), gamma_inv=(0.1,))


class NetworkConfig(protocol.DataConfig):
    """Settings of the network figures; the defaults train small networks briefly, the `paper` preset follows the paper's protocol."""

    seeds: int = field(8, help="initialisations and batch orders per network", lower=2)
    file_seeds: int = field(3, help="the first so many seeds train on the files (the paper has 3)", lower=2)
    sizes: str = field("small", help="network sizes: as published, or small ones for a CPU", choices=SIZES)
    epochs: int = field(12, help="most epochs", lower=1)
    updates: int = field(40, help="Adam updates per epoch; 0 goes once through the training windows", lower=0)
    batch: int = field(32, help="windows per update", lower=1)
    patience: int = field(5, help="epochs without a better validation error before stopping", lower=1)
    validation_stride: int = field(16, help="validate on every k-th window of the files", lower=1)


def penalties(of: str, *values: float) -> Any:
    """A field for penalties, which multiply: LARGE lam_inv means little sharing."""
    return field(values, help=f"MULTIPLIED penalties of {of}", lower=0.0, strict=True, distinct=True)


def powers(first: int, last: int) -> tuple[float, ...]:
    """Powers of ten."""
    return tuple(10.0**k for k in range(first, last + 1))


class Trained(NamedTuple):
    """Errors averaged over channels, in standardised units."""

    test: "jax.Array"  # of the best epoch's weights, all test windows
    validation: "jax.Array"  # its validation error
    epochs: "jax.Array"  # epochs trained before stopping


def train_at(key, pairs, series, *, model: str, sizes: str, split, horizon: int, stride: int, epochs: int, **settings):
    """One network trained at every (lam_inv, gamma_inv) in `pairs` (pair, 2) from the same start; fields have a pair axis.

    As `fit_forecaster`, but the loop over epochs ends where all have stopped.
    """
    windows = dict(lookback=settings["lookback"], horizon=horizon)
    z = forecasting.standardise(series.astype(jnp.float32), split.train)
    train, validation, test = (jnp.asarray(forecasting.window_starts(span, **windows)) for span in split)
    data = forecasting.WindowData(z, train, validation[::stride])
    network = forecasting.build_model(model, sizes=sizes, **windows)
    keys = split_named(key, "init", "epochs")
    luck = jax.random.split(keys["epochs"], epochs)

    def at(pair):
        training = forecasting.forecaster_training(model=network, lam_inv=pair[0], gamma_inv=pair[1], **settings)
        start = (jnp.asarray(0), training.init(keys["init"], data))
        ran, state = jax.lax.while_loop(
            lambda now: (now[0] < epochs) & ~now[1].stopped,
            lambda now: (now[0] + 1, training.step(luck[now[0]], now[1], data)[0]),
            start,
        )
        error = forecasting.forecast_error(network, state.best, z, test, lookback=settings["lookback"])
        return Trained(error.mean(), state.best_loss, ran)

    return jax.lax.map(at, pairs.astype(jnp.float32))


def fixed_series(problem: Problem) -> np.ndarray:
    """The series networks are trained on; for the AR stand-in one fixed draw, so that seeds vary the training alone."""
    if problem.series is not None:
        return problem.series
    return over_seeds(forecasting.ar_channels, [0], rows=protocol.AR_ROWS, share=problem.share)[0]


def train(problem: Problem, config: NetworkConfig, model: str, pairs: np.ndarray, seeds) -> Trained:
    """Train `model` on a problem at every penalty, fields (seed, pair); NaN for the seeds that do not train on files."""
    used = seeds if problem.source in protocol.STAND_INS else seeds[: config.file_seeds]
    # A lane is a seed with half of the penalties, so that few seeds still keep two devices busy. On a CPU lanes in turn run as fast as
    # lanes at once, and compile in two thirds of the time.
    halves = 2 - len(pairs) % 2
    trained = over_seeds(
        train_at,
        np.repeat(used, halves),
        fixed_series(problem),
        per_seed=(np.tile(np.split(pairs, halves), (len(used), 1, 1)),),
        in_turn=config.sizes == "small",
        model=model,
        stride=1 if len(problem.windows[1]) < 500 else config.validation_stride,
        learning_rate=1e-4 if problem.source == "Weather" else 1e-3,
        rho=forecasting.sharpness_radius(model),
        **{name: getattr(config, name) for name in ("sizes", "epochs", "batch", "updates", "patience")},
        **problem.sizes,
    )
    protocol.check_results(problem, test=trained.test, validation=trained.validation)
    whole = (part.reshape(len(used), -1).astype(float) for part in trained)
    missing = ((0, len(seeds) - len(used)), (0, 0))
    return Trained(*(np.pad(part, missing, constant_values=np.nan) for part in whole))


def train_all(config, model: str, seeds) -> tuple[list[str], np.ndarray, Trained]:
    """Labels of the data sets, pairs (problem, pair, 2), and fields (problem, seed, pair).

    Pair 0 is no penalty, which is all there is for multivariate networks, pair 1 the closed form's GCV choice; then comes the grid.
    """
    found, grid = protocol.problems(config), list(itertools.product(config.lam_inv, config.gamma_inv))
    known, count = model in UNIVARIATE, 2 + len(grid)
    pairs = np.array([[(0.0, 0.0), theory_penalty(p) if known else (np.nan, np.nan), *grid] for p in found])
    used = pairs if known else pairs[:, :1]
    # One data set compiles, which takes one core, while another trains.
    with ThreadPoolExecutor(2 if config.sizes == "small" else 1) as pool:
        trained = list(pool.map(lambda problem, own: train(problem, config, model, own, seeds), found, used))
    missing = ((0, 0), (0, 0), (0, count - used.shape[1]))
    whole = (np.pad(parts, missing, constant_values=np.nan) for parts in zip(*trained, strict=True))
    return [problem.label for problem in found], pairs, Trained(*whole)


def theory_penalty(problem: Problem) -> tuple[float, float]:
    """(lam_inv, gamma_inv) that the closed form's GCV chooses from the training windows alone.

    `lam_inv = T d/(lam n q)`, `gamma_inv = T d/(gamma n q)` (see `mtrl.forecasting.head`); exact for a linear trunk, a guess otherwise.
    """
    series, gammas, lams = fixed_series(problem), np.array(GAMMAS[1:]), np.array(LAMS[1:])
    gcv = evaluate(forecasting.train_gcv, series, gammas, lams, **problem.sizes)
    row, col = np.unravel_index(np.argmin(gcv), gcv.shape)
    unit = series.shape[1] * problem.sizes["lookback"] / (len(problem.windows[0]) * problem.sizes["horizon"])
    return unit / lams[col], unit / gammas[row]


def change_by(test, score, plain):
    """Measure: relative change of the test error from no penalty to the penalty of the lowest score, chosen anew in every resample."""
    return bootstrap(lambda test, score, plain: test.flat[np.argmin(score)] / plain - 1, test, score, plain)
