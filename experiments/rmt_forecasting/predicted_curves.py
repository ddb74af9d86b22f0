"""Predicted and observed errors of the closed-form ridge on windows along lam: GCV, deterministic equivalent, test and held-out error."""

from typing import NamedTuple

import numpy as np

from experiments.rmt_forecasting.ridge import part_moments
from mtrl import forecasting, random_matrix
from mtrl.harness import jax, jnp, split_named
from mtrl.numerics import moments, multitask_ridge


class Curves(NamedTuple):
    """Errors averaged over tasks; the first axis of each is lam, `choice` is the test error at GCV's choice over the whole grid."""

    observed: "jax.Array"
    held_out: "jax.Array"  # on blocks of the training period, recorded series only
    gcv: "jax.Array"
    theory: "jax.Array"
    train: "jax.Array"
    choice: "jax.Array"
    oracle: "jax.Array"


def theory_curve(statistics: "moments.Moments", weights, counts, gamma, lams, outputs: int):
    """Predicted test error per output for every lam: outputs share covariances, so their signals add up and their noises too."""
    tasks = statistics.gram.shape[0]
    covariance = statistics.gram / statistics.count[:, None, None]
    noise = multitask_ridge.residual(statistics, weights) / (statistics.count * outputs)

    def at_lam(lam):
        def one_output(w):
            return random_matrix.regression.risk_shared_centre(
                jnp.full(tasks, gamma), lam, counts, covariance, w, noise
            ).test.mean()

        return jax.vmap(one_output, in_axes=2)(weights).mean()

    return jax.lax.map(at_lam, lams)


def plug_in(train: "moments.Moments", gammas, lams) -> "tuple[moments.Moments, jax.Array]":
    """Statistics and weights that the theory takes for the truth: the pilot fit at GCV's choice, its residual made unbiased."""
    spectra, grid = multitask_ridge.decompose(train), multitask_ridge.score_grid(train, (), gammas=gammas, lams=lams)
    best = jnp.unravel_index(jnp.argmin(grid.gcv), grid.gcv.shape)
    pilot = multitask_ridge.fit(
        spectra, multitask_ridge.couple(spectra, jnp.full(train.count.shape, gammas[best[0]])), lams[best[1]]
    )
    free = train.count - pilot.freedom  # unbiased noise needs the residual per free sample
    return train._replace(square=_inflate(train, pilot.weights, train.count / free)), pilot.weights


def curves(parts, population, held_out, gamma, gammas, lams, *, outputs: int) -> Curves:
    """Fit on `parts[0]` at every coupling; `population` is (statistics, weights) that the theory takes for the truth."""
    train, _, test = parts
    grid = multitask_ridge.score_grid(train, (test,), gammas=gammas, lams=lams)
    best = jnp.unravel_index(jnp.argmin(grid.gcv), grid.gcv.shape)
    one = multitask_ridge.score_grid(train, (test,), gammas=jnp.reshape(gamma, (1,)), lams=lams)
    theory = theory_curve(*population, train.count, gamma, lams, outputs)
    errors = one.errors[0]
    at_choice, oracle = grid.errors[..., 1][best], grid.errors[..., 1].min()
    return Curves(errors[:, 1], held_out, one.gcv[0], theory, errors[:, 0], at_choice, oracle)


def held_out_curve(
    z, train: "moments.Moments", gamma, lams, *, span, lookback: int, horizon: int, stride: int, folds: int
):
    """Error on every window of the training period, by a fit without any window that shares a row with its block of the period."""
    sizes, width = dict(lookback=lookback, horizon=horizon), lookback + horizon
    starts, every = (
        forecasting.window_starts(span, lookback, horizon, stride),
        forecasting.window_starts(span, lookback, horizon),
    )
    total = 0.0
    for inside in np.array_split(every, folds):
        touching = starts[(starts > inside[0] - width) & (starts < inside[-1] + width)]
        rest = jax.tree.map(jnp.subtract, train, forecasting.window_moments(z, jnp.asarray(touching), **sizes))
        held = forecasting.window_moments(z, jnp.asarray(inside), **sizes)
        errors = multitask_ridge.score_grid(rest, (held,), gammas=jnp.reshape(gamma, (1,)), lams=lams).errors[0, :, 1]
        total = total + errors * len(inside) / len(every)
    return total


def _inflate(data: "moments.Moments", weights, factor):
    """|Y|^2 raised so that the residual of `weights` grows by `factor`."""
    return data.square + (factor - 1) * multitask_ridge.residual(data, weights)


def ar_curves(
    key, share, gamma, gammas, lams, *, rows, population, split: "forecasting.Split", lookback, horizon, stride
) -> Curves:
    """`curves` of one draw of the AR stand-in; a long series of the same coefficients feeds the theory and is the test series."""
    keys = split_named(key, "coefficients", "noise", "population")
    coefficients = forecasting.ar_coefficients(keys["coefficients"], tasks=6, share=share)
    series = forecasting.ar_rollout(coefficients, jax.random.normal(keys["noise"], (rows, 6)))
    long = forecasting.ar_rollout(coefficients, jax.random.normal(keys["population"], (population, 6)))
    mean, deviation = forecasting.channel_scales(series, split.train)
    sizes = dict(lookback=lookback, horizon=horizon)
    truth = forecasting.window_moments(
        (long - mean) / deviation, jnp.asarray(forecasting.window_starts((0, population), lookback, horizon)), **sizes
    )
    spectra = multitask_ridge.decompose(truth)
    scale = truth.count[0] * jnp.ones(6)  # so large a gamma that the long series is fitted by least squares
    weights = multitask_ridge.fit(spectra, multitask_ridge.couple(spectra, 1e6 * scale), 0.0).weights
    train, validation, _ = part_moments((series - mean) / deviation, split=split, stride=stride, **sizes)
    parts = (train, validation, truth)  # the 250 test rows of one draw would blur the comparison
    return curves(parts, (truth, weights), jnp.full(len(lams), jnp.nan), gamma, gammas, lams, outputs=horizon)


def recorded_curves(
    series, gamma, gammas, lams, *, split: "forecasting.Split", lookback, horizon, stride, folds
) -> Curves:
    """`curves` of a recorded series, the theory fed with plug-in estimates from all train windows."""
    mean, deviation = forecasting.channel_scales(series, split.train)
    z, sizes = (series - mean) / deviation, dict(lookback=lookback, horizon=horizon)
    parts = part_moments(z, split=split, stride=stride, **sizes)
    population = plug_in(part_moments(z, split=split, **sizes)[0], gammas, lams)
    held = held_out_curve(z, parts[0], gamma, lams, span=split.train, stride=stride, folds=folds, **sizes)
    return curves(parts, population, held, gamma, gammas, lams, outputs=horizon)
