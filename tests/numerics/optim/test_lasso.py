import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import linprog
from sklearn.linear_model import Lasso

from mtrl.numerics.optim.lasso import lambda_max, lasso, lasso_path, refit
from tests.helpers import assert_close

RATIO = 1e-6


@pytest.fixture(scope="module")
def instance():
    rng = np.random.default_rng(1)
    return rng.normal(size=(5, 40)), rng.normal(size=5)


@pytest.fixture(scope="module")
def path(instance):
    run = jax.jit(lambda a, b: lasso_path(a, b, ratio=RATIO, steps=25, gap=1e-14))
    return run(*map(jnp.asarray, instance))


def test_zero_from_lambda_max_on(instance):
    design, response = map(jnp.asarray, instance)
    top = lambda_max(design, response)
    start = jnp.zeros(40)
    assert not np.any(lasso(design, response, start, penalty=top).point)
    assert np.any(lasso(design, response, start, penalty=0.99 * top).point)


def test_equals_scikit_learn(instance, path):
    design, response = instance
    for step in (4, 8):
        penalty = float(path.penalties[step])
        reference = Lasso(alpha=penalty / 5, fit_intercept=False, tol=1e-14, max_iter=200000).fit(design, response)
        assert_close("LASSO of scikit-learn", path.coefficients[step], reference.coef_, rtol=1e-6)
    assert np.max(path.gap) < 1e-6
    top = float(lambda_max(*map(jnp.asarray, instance)))
    assert_close("path from lambda_max to ratio lambda_max", path.penalties, np.geomspace(top, RATIO * top, 25), 1e-12)


def test_small_penalty_limit_is_the_linear_programme(instance, path):
    design, response = instance
    programme = linprog(np.ones(80), A_eq=np.hstack([design, -design]), b_eq=response)
    assert_close("L1 norm of the linear programme", np.abs(path.coefficients[-1]).sum(), programme.fun, rtol=1e-4)


def test_default_accuracy_at_an_ill_conditioned_design_and_numbers_that_are_none():
    rng = np.random.default_rng(3)
    left, _, right = np.linalg.svd(rng.normal(size=(5, 40)), full_matrices=False)
    design, response = jnp.asarray(left * np.geomspace(13, 1, 5) @ right), jnp.asarray(rng.normal(size=5))
    run = jax.jit(lambda a, b: lasso_path(a, b, ratio=0.05, steps=15))
    found = run(design, response)
    penalty = float(found.penalties[-1])
    reference = Lasso(alpha=penalty / 5, fit_intercept=False, tol=1e-15, max_iter=10**6).fit(design, response).coef_
    assert_close("coefficients", found.coefficients[-1], reference, 1e-4)
    residual = np.asarray(response - design @ found.coefficients[-1])  # by hand: feasible after scaling
    dual = residual * min(response @ residual / (residual @ residual), penalty / np.abs(design.T @ residual).max())
    value = residual @ residual / 2 + penalty * np.abs(found.coefficients[-1]).sum()
    bound = value - (response @ dual - dual @ dual / 2)
    assert_close("gap", found.gap[-1], bound / (response @ response / 2), atol=1e-14)
    assert float(jnp.max(found.gap)) <= 1e-8
    lost = run(design.at[0, 0].set(jnp.nan), response)
    assert bool(jnp.any(jnp.isnan(lost.coefficients[-1])))
    assert not bool(lost.gap[-1] <= 1e-8)


def test_warm_start_beats_cold_start(instance, path):
    design, response = map(jnp.asarray, instance)
    solve = jax.jit(lambda nu: lasso(design, response, nu, penalty=path.penalties[-1], iterations=50, gap=0.0))
    assert float(solve(path.coefficients[-2]).gap) < 0.1 * float(solve(jnp.zeros(40)).gap)


def test_refit_is_least_norm(instance):
    design, response = instance
    support = np.arange(40) < 7
    ours = refit(jnp.asarray(design), jnp.asarray(response), jnp.asarray(support), cutoff=1e-10)
    assert_close("least-norm refit", ours[:7], np.linalg.pinv(design[:, :7]) @ response, rtol=1e-9)
    assert not np.any(ours[7:])
