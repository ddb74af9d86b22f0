"""Predicted and observed errors of the closed-form ridge on windows along lam: GCV, deterministic equivalent, test and held-out error."""

from typing import TYPE_CHECKING, NamedTuple

from mtrl import forecasting
from mtrl._later import Later
from mtrl.harness import jax, jnp, split_named
from mtrl.numerics import multitask_ridge

if TYPE_CHECKING:
    from mtrl.random_matrix import regression
else:
    regression = Later("mtrl.random_matrix.regression")


class Curves(NamedTuple):
    """Errors averaged over tasks along lam; `choice` is the test error at GCV's choice over the whole grid, `oracle` the smallest there."""

    observed: "jax.Array"
    held_out: "jax.Array"  # on blocks of the training period, recorded series only
    gcv: "jax.Array"
    theory: "jax.Array"
    train: "jax.Array"
    choice: "jax.Array"
    oracle: "jax.Array"


def curves(train, test, population, held_out, gamma, gammas, lams) -> Curves:
    """Fit on `train` at every coupling; `population` is (statistics, weights) that the theory takes for the truth."""
    both = jnp.concatenate([jnp.reshape(gamma, (1,)), gammas])  # the curves' gamma, then the grid
    scores = multitask_ridge.score_grid(train, (test,), gammas=both, lams=lams)
    (fitted, observed), errors = scores.errors[0].T, scores.errors[1:, :, 1]
    choice = errors.ravel()[jnp.argmin(scores.gcv[1:])]
    theory = regression.risk_of_outputs(*population, train.count, gamma, lams)
    return Curves(observed, held_out, scores.gcv[0], theory, fitted, choice, errors.min())


def ar_curves(key, share, gamma, gammas, lams, *, rows, population, split: "forecasting.Split", stride, **sizes):
    """`curves` of one draw of the AR stand-in; a long series of the same coefficients feeds the theory and is the test series."""
    keys = split_named(key, "coefficients", "noise", "population")
    coefficients = forecasting.ar_coefficients(keys["coefficients"], tasks=6, share=share)
    series = forecasting.ar_rollout(coefficients, jax.random.normal(keys["noise"], (rows, 6)))
    long = forecasting.ar_rollout(coefficients, jax.random.normal(keys["population"], (population, 6)))
    mean, deviation = forecasting.channel_scales(series, split.train)
    # The 250 test rows of one draw would blur the comparison.
    truth = forecasting.moments_at(
        (long - mean) / deviation, forecasting.window_starts((0, population), **sizes), **sizes
    )
    weights = regression.ridge_from_moments(
        truth, 1e6 * truth.count[0], 0.0
    ).weights  # so large a gamma that it is least squares
    train, *_ = forecasting.part_moments((series - mean) / deviation, split=split, stride=stride, **sizes)
    return curves(train, truth, (truth, weights), jnp.full(len(lams), jnp.nan), gamma, gammas, lams)


def recorded_curves(series, gamma, gammas, lams, *, split: "forecasting.Split", stride, folds, **sizes):
    """`curves` of a recorded series, the theory fed with plug-in estimates from all train windows."""
    z = forecasting.standardise(series, split.train)
    train, _, test = forecasting.part_moments(z, split=split, stride=stride, **sizes)
    population = regression.pilot_truth(forecasting.part_moments(z, split=split, **sizes)[0], gammas, lams)
    held_out = forecasting.held_out_curve(z, train, gamma, lams, span=split.train, stride=stride, folds=folds, **sizes)
    return curves(train, test, population, held_out, gamma, gammas, lams)
