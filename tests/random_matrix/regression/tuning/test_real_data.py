"""Plugged-in predictions on data of a known law, and held-out errors against a split made by hand."""

import functools

import jax
import jax.numpy as jnp
import numpy as np

from mtrl.numerics.keys import split_named
from mtrl.random_matrix import pack
from mtrl.random_matrix.regression import (
    estimate_risk,
    fit_shared_centre,
    held_out_path,
    naive_statistics,
    plug_in_paths,
    risk_shared_centre,
)
from tests.helpers import assert_close, assert_mean


def tasks(rng, rows, dim, beta, sigma):
    X = [rng.normal(size=(rows, dim)) for _ in beta]
    return X, [x @ b + sigma * rng.normal(size=rows) for x, b in zip(X, beta, strict=True)]


def test_plugged_in_level_on_gaussian_data():
    """On data from the model the unbiased statistics give the level of the true ones (same covariance), the naive ones less."""
    rng = np.random.default_rng(0)
    d, rows, sigma = 30, 90, 0.6
    beta = rng.normal(size=(2, d)) / np.sqrt(d)
    count, one = jnp.array([45.0, 45.0]), jnp.ones(2)

    @jax.jit
    def levels(data):
        covariance = jnp.einsum("tni,tnj->tij", data.features, data.features) / rows
        weights = jnp.asarray(beta * np.sqrt(2 * d))
        oracle = risk_shared_centre(one, 0.5, count, covariance, weights, sigma**2 * one).test.mean()
        return plug_in_paths(data, 1.0, jnp.array([0.5]), count, spare=rows - d)[:, 0, 0] / oracle - 1

    excess = np.array([levels(pack(*tasks(rng, rows, d, beta, sigma), center=True)) for _ in range(60)])
    assert_mean("unbiased level over the oracle level", excess[:, 1], 0.0, sigmas=4)
    assert excess[:, 0].mean() < -0.1


def test_fewer_rows_than_dimensions_fall_back_to_a_tuned_ridge():
    rng = np.random.default_rng(1)
    d, rows = 30, 20
    data = pack(*tasks(rng, rows, d, np.eye(2, d)[[0, 0]], 0.5), center=True)
    predict = jax.jit(functools.partial(plug_in_paths, spare=rows - d))
    found = predict(data, 1.0, jnp.array([0.5]), jnp.array([12.0, 12.0]))
    assert np.isfinite(found[0]).all() and np.isnan(found[1]).all()
    assert found[0, 0, 0] > 0.1, "the noise is not interpolated away"


def test_naive_statistics_are_least_squares():
    rng = np.random.default_rng(2)
    X, y = tasks(rng, 25, 4, rng.normal(size=(2, 4)), 0.3)
    found = jax.jit(functools.partial(naive_statistics, spare=21))(pack(X, y))
    for t in range(2):
        beta, left, *_ = np.linalg.lstsq(X[t], y[t], rcond=None)
        assert_close("hyperplane", found.mean[t], beta, rtol=1e-9)
        assert_close("mean squared residual", found.noise[t], left[0] / 25, rtol=1e-9)


def test_held_out_error_is_that_of_a_split_made_by_hand():
    rng = np.random.default_rng(3)
    sizes, counts, key = (9, 12), (6, 7), jax.random.key(5)
    X, y = [rng.normal(size=(n, 3)) for n in sizes], [rng.normal(size=n) for n in sizes]
    data = pack(X, y)
    path = jax.jit(functools.partial(held_out_path, counts=counts))
    found = path(key, data.features, data.targets[:, :, 0], jnp.asarray(sizes), 0.7, jnp.array([0.0, 2.0]))
    kept = []
    for t, size in enumerate(sizes):
        luck = jax.random.uniform(jax.random.fold_in(split_named(key, "rows")["rows"], t), (max(sizes),))
        kept.append(np.argsort(np.asarray(luck)[:size])[: counts[t]])
    train = pack([x[rows] for x, rows in zip(X, kept, strict=True)], [v[rows] for v, rows in zip(y, kept, strict=True)])
    fit = fit_shared_centre(train, gamma=jnp.full(2, 0.7), lam=2.0)
    errors = [
        np.mean((np.delete(y[t], kept[t]) - np.delete(X[t], kept[t], 0) @ np.asarray(fit.W[t, :, 0]) / np.sqrt(6)) ** 2)
        for t in range(2)
    ]
    estimated = estimate_risk(fit)
    expected = [np.mean(errors), estimated.gcv.mean(), estimated.train.mean()]
    assert_close("held out, GCV, train", found[1], np.array(expected, float), rtol=1e-9)
