"""Predicted and observed errors of the closed-form ridge on windows along lam: GCV, deterministic equivalent, test and held-out error."""

from typing import NamedTuple

import numpy as np

from experiments.rmt_forecasting.ridge import moments_at, part_moments
from mtrl import forecasting, random_matrix
from mtrl.harness import jax, jnp, split_named
from mtrl.numerics import moments, multitask_ridge


class Curves(NamedTuple):
    """Errors averaged over tasks along lam; `choice` is the test error at GCV's choice over the whole grid, `oracle` the smallest there."""

    observed: "jax.Array"
    held_out: "jax.Array"  # on blocks of the training period, recorded series only
    gcv: "jax.Array"
    theory: "jax.Array"
    train: "jax.Array"
    choice: "jax.Array"
    oracle: "jax.Array"


def theory_curve(truth: "moments.Moments", weights, counts, gamma, lams):
    """Predicted test error per output for every lam: outputs share covariances, so their signals add up and their noises too."""
    tasks, outputs = truth.gram.shape[0], weights.shape[2]
    covariance = truth.gram / truth.count[:, None, None]
    noise = multitask_ridge.residual(truth, weights) / (truth.count * outputs)
    risk, gammas = random_matrix.regression.risk_shared_centre, jnp.full(tasks, gamma)

    def at_lam(lam):
        one_output = jax.vmap(lambda w: risk(gammas, lam, counts, covariance, w, noise).test.mean(), in_axes=2)
        return one_output(weights).mean()

    return jax.lax.map(at_lam, lams)


def fit_at(data: "moments.Moments", gamma, lam):
    """The ridge at one coupling."""
    spectra = multitask_ridge.decompose(data)
    return multitask_ridge.fit(spectra, multitask_ridge.couple(spectra, jnp.full(data.count.shape, gamma)), lam)


def plug_in(train: "moments.Moments", gammas, lams):
    """Statistics and weights that the theory takes for the truth: the pilot fit at GCV's choice, its residual made unbiased."""
    gcv = multitask_ridge.score_grid(train, (), gammas=gammas, lams=lams).gcv
    row, col = jnp.unravel_index(jnp.argmin(gcv), gcv.shape)
    pilot = fit_at(train, gammas[row], lams[col])
    # The residual per free sample is the unbiased noise: |Y|^2 is raised so that the residual grows to it.
    factor = train.count / (train.count - pilot.freedom)
    square = train.square + (factor - 1) * multitask_ridge.residual(train, pilot.weights)
    return train._replace(square=square), pilot.weights


def curves(train, test, population, held_out, gamma, gammas, lams) -> Curves:
    """Fit on `train` at every coupling; `population` is (statistics, weights) that the theory takes for the truth."""
    both = jnp.concatenate([jnp.reshape(gamma, (1,)), gammas])  # the curves' gamma, then the grid
    scores = multitask_ridge.score_grid(train, (test,), gammas=both, lams=lams)
    (fitted, observed), errors = scores.errors[0].T, scores.errors[1:, :, 1]
    choice = errors.ravel()[jnp.argmin(scores.gcv[1:])]
    theory = theory_curve(*population, train.count, gamma, lams)
    return Curves(observed, held_out, scores.gcv[0], theory, fitted, choice, errors.min())


def held_out_curve(z, train: "moments.Moments", gamma, lams, *, span, stride: int, folds: int, **sizes: int):
    """Error on every window of the training period, by a fit without any window that shares a row with its block of the period."""
    width = sizes["lookback"] + sizes["horizon"]
    starts, every = (forecasting.window_starts(span, stride=k, **sizes) for k in (stride, 1))
    total = 0.0
    for inside in np.array_split(every, folds):
        touching = starts[(starts > inside[0] - width) & (starts < inside[-1] + width)]
        rest = jax.tree.map(jnp.subtract, train, moments_at(z, touching, **sizes))
        held = moments_at(z, inside, **sizes)
        errors = multitask_ridge.score_grid(rest, (held,), gammas=jnp.reshape(gamma, (1,)), lams=lams).errors[0, :, 1]
        total = total + errors * len(inside) / len(every)
    return total


def ar_curves(key, share, gamma, gammas, lams, *, rows, population, split: "forecasting.Split", stride, **sizes):
    """`curves` of one draw of the AR stand-in; a long series of the same coefficients feeds the theory and is the test series."""
    keys = split_named(key, "coefficients", "noise", "population")
    coefficients = forecasting.ar_coefficients(keys["coefficients"], tasks=6, share=share)
    series = forecasting.ar_rollout(coefficients, jax.random.normal(keys["noise"], (rows, 6)))
    long = forecasting.ar_rollout(coefficients, jax.random.normal(keys["population"], (population, 6)))
    mean, deviation = forecasting.channel_scales(series, split.train)
    # The 250 test rows of one draw would blur the comparison.
    truth = moments_at((long - mean) / deviation, forecasting.window_starts((0, population), **sizes), **sizes)
    weights = fit_at(truth, 1e6 * truth.count[0], 0.0).weights  # so large a gamma that it is least squares
    train, *_ = part_moments((series - mean) / deviation, split=split, stride=stride, **sizes)
    return curves(train, truth, (truth, weights), jnp.full(len(lams), jnp.nan), gamma, gammas, lams)


def recorded_curves(series, gamma, gammas, lams, *, split: "forecasting.Split", stride, folds, **sizes):
    """`curves` of a recorded series, the theory fed with plug-in estimates from all train windows."""
    z = forecasting.standardise(series, split.train)
    train, _, test = part_moments(z, split=split, stride=stride, **sizes)
    population = plug_in(part_moments(z, split=split, **sizes)[0], gammas, lams)
    held_out = held_out_curve(z, train, gamma, lams, span=split.train, stride=stride, folds=folds, **sizes)
    return curves(train, test, population, held_out, gamma, gammas, lams)
