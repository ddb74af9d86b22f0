"""Multitask ridge from Gram matrices against the direct Td x Td solve, scikit-learn, brute-force hat matrices and its limits."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.linear_model import Ridge

from mtrl.numerics import multitask_ridge as mr
from mtrl.numerics.errors import BadInput
from mtrl.numerics.moments import moments
from tests.helpers import assert_close

T, D, N, Q = 3, 5, 12, 2
GAMMA = jnp.array([0.7, 1.9, 0.4])


def make(key):
    kx, ky = jax.random.split(key)
    return jax.random.normal(kx, (T, N, D)) * 2, jax.random.normal(ky, (T, N, Q))


def grams_of(x, y):
    return moments(x, y)


@pytest.fixture(scope="module")
def data():
    x, y = make(jax.random.key(0))
    return x, y, grams_of(x, y)


def solve(grams, gamma, lam):
    spectra = mr.decompose(grams)
    return mr.fit(spectra, mr.couple(spectra, gamma), lam)


def block_design(x):
    z = np.zeros((T * D, T * N))
    for t in range(T):
        z[t * D : (t + 1) * D, t * N : (t + 1) * N] = x[t].T
    return z


@pytest.mark.parametrize("lam", [0.3, 50.0])
def test_schur_solution_is_the_direct_td_solve_and_its_freedom_the_hat_trace(data, lam):
    x, y, grams = data
    A = np.kron(np.diag(GAMMA) + lam, np.eye(D))
    z = block_design(np.asarray(x))
    flat = np.asarray(y).reshape(T * N, Q)
    direct = np.linalg.solve(np.linalg.inv(A) + z @ z.T / (T * D), z @ flat / np.sqrt(T * D)).reshape(T, D, Q)
    ours = solve(grams, GAMMA, lam)
    assert_close("weights", ours.weights, direct, rtol=1e-10)
    resolvent = np.linalg.inv(z.T @ A @ z / (T * D) + np.eye(T * N))
    traces = [np.trace(resolvent[t * N : (t + 1) * N, t * N : (t + 1) * N]) for t in range(T)]
    assert_close("tr Q_tt", N - ours.freedom, np.array(traces), rtol=1e-10)
    residual = ((resolvent @ flat).reshape(T, N, Q) ** 2).sum((1, 2))
    assert_close("residual is QY", mr.residual(grams, ours.weights), residual, rtol=1e-10)
    gcv = residual / (N * Q) / (np.array(traces) / N) ** 2
    assert_close("GCV", mr.generalised_cross_validation(grams, ours), gcv, rtol=1e-10)
    deviations = ours.weights - ours.centre
    assert_close("W_0 = lam sum V_t/gamma_t", ours.centre, lam * (deviations / GAMMA[:, None, None]).sum(0), rtol=1e-9)


def test_lam_zero_is_scikit_learn_ridge_per_task(data):
    x, y, grams = data
    ours = solve(grams, GAMMA, 0.0).weights / np.sqrt(T * D)
    reference = [Ridge(alpha=T * D / float(GAMMA[t]), fit_intercept=False).fit(x[t], y[t]).coef_.T for t in range(T)]
    assert_close("independent ridges", ours, np.stack(reference), rtol=1e-10)


def test_gamma_zero_is_one_pooled_ridge(data):
    x, y, grams = data
    ours = solve(grams, jnp.zeros(T), 2.5).weights / np.sqrt(T * D)
    reference = Ridge(alpha=T * D / 2.5, fit_intercept=False).fit(x.reshape(-1, D), y.reshape(-1, Q)).coef_.T
    assert_close("pooled ridge", ours, np.stack([reference] * T), rtol=1e-10)


def test_infinite_lam_frees_the_centre(data):
    *_, grams = data
    ours = solve(grams, GAMMA, 1e12)
    balance = ((ours.weights - ours.centre) / GAMMA[:, None, None]).sum(0)
    assert_close("sum V_t/gamma_t", balance, np.zeros((D, Q)), atol=1e-9)


def test_grid_scores_are_those_of_single_fits(data):
    *_, grams = data
    other = grams_of(*make(jax.random.key(4)))
    gammas, lams = jnp.array([0.0, 0.7]), jnp.array([0.1, 3.0])
    grid = mr.score_grid(grams, (other,), gammas=gammas, lams=lams)
    single = solve(grams, jnp.full(T, 0.7), 3.0)
    assert_close("train", grid.errors[1, 1, 0], mr.mean_squared_error(grams, single.weights).mean(), rtol=1e-12)
    assert_close("other", grid.errors[1, 1, 1], mr.mean_squared_error(other, single.weights).mean(), rtol=1e-12)
    assert_close("gcv", grid.gcv[1, 1], mr.generalised_cross_validation(grams, single).mean(), rtol=1e-12)


@pytest.mark.parametrize(
    "change, message",
    [
        (dict(count=jnp.array([3.0, 0.0, 3.0])), "count got 0, but must be .*above 0; every task needs samples"),
        (dict(square=jnp.array([1.0, 1.0, jnp.nan])), r"square holds nan at \(2,\)"),
    ],
)
def test_bad_statistics(data, change, message):
    with pytest.raises(BadInput, match=message):
        mr.decompose(data[2]._replace(**change))


@pytest.mark.parametrize(
    "gamma, lam, message",
    [
        (jnp.array([1.0, -1.0, 1.0]), 1.0, "gamma got -1, but must be a finite number of at least 0"),
        (jnp.ones(3), -0.5, "lam got -0.5"),
        (jnp.ones(3), float("nan"), "lam got nan"),
    ],
)
def test_bad_couplings(data, gamma, lam, message):
    with pytest.raises(BadInput, match=message):
        solve(data[2], gamma, lam)
