import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import linprog
from sklearn.linear_model import Lasso, lars_path

from mtrl.numerics.optim.lasso import lambda_max, lasso, lasso_gap, refit
from tests.helpers import assert_close

SOLVE = jax.jit(lasso)


@pytest.fixture(scope="module")
def instance():
    rng = np.random.default_rng(1)
    return rng.normal(size=(5, 40)), rng.normal(size=5)


def test_zero_from_lambda_max_on(instance):
    design, response = map(jnp.asarray, instance)
    top = lambda_max(design, response)
    assert not np.any(SOLVE(design, response, penalty=top).coefficients)
    assert np.any(SOLVE(design, response, penalty=0.99 * top).coefficients)


def test_equals_scikit_learn(instance):
    design, response = instance
    for ratio in (0.3, 0.02):
        penalty = ratio * np.max(np.abs(design.T @ response))
        reference = Lasso(alpha=penalty / 5, fit_intercept=False, tol=1e-14, max_iter=200000).fit(design, response)
        ours = SOLVE(design, response, penalty=penalty)
        assert_close("LASSO of scikit-learn", ours.coefficients, reference.coef_, rtol=1e-6)
        assert ours.gap < 1e-11


@pytest.mark.parametrize("condition", [1, 13, 40])
def test_default_reaches_its_accuracy_on_flat_problems(condition):
    """Rows of falling size, against the exact path by least angles (Efron et al. 2004)."""
    rng = np.random.default_rng(0)
    for _ in range(4):
        design = rng.normal(size=(5, 40)) * np.geomspace(1, 1 / condition, 5)[:, None]
        response = design @ rng.normal(size=40) * np.geomspace(1, 1 / condition, 5)
        penalty = 0.05 * np.max(np.abs(design.T @ response))
        exact = lars_path(design, response, method="lasso", alpha_min=penalty / 5)[2][:, -1]
        ours = SOLVE(design, response, penalty=penalty)
        assert np.linalg.norm(ours.coefficients - exact) < 1e-6 * np.linalg.norm(exact)
        rough = SOLVE(design.astype(np.float32), response.astype(np.float32), penalty=np.float32(penalty))
        assert np.linalg.norm(np.asarray(rough.coefficients) - exact) < 1e-2 * np.linalg.norm(exact)


def test_full_newton_steps_are_not_always_taken():
    """On a fourth of such problems steps of length one lead to cycles."""
    rng = np.random.default_rng(5)
    for _ in range(16):
        design, response = rng.normal(size=(5, 40)), rng.normal(size=5)
        found = SOLVE(design, response, penalty=0.05 * np.max(np.abs(design.T @ response)))
        assert found.gap < 1e-11


def test_gap_bounds_what_is_missing(instance):
    design, response = map(jnp.asarray, instance)
    penalty = 0.1 * lambda_max(design, response)
    objective = lambda nu: jnp.sum((design @ nu - response) ** 2) / 2 + penalty * jnp.sum(jnp.abs(nu))  # noqa: E731
    best = SOLVE(design, response, penalty=penalty).coefficients
    rng = np.random.default_rng(3)
    for size in (1e-3, 1.0):
        other = best + size * rng.normal(size=40)
        bound = lasso_gap(design, response, other, penalty) * jnp.sum(response**2) / 2
        assert 0 < objective(other) - objective(best) <= bound
        # By hand: the dual objective at the best feasible multiple of the miss.
        miss = np.asarray(response - design @ other)
        dual = miss * min(response @ miss / (miss @ miss), penalty / np.abs(design.T @ miss).max())
        assert_close("gap", bound, objective(other) - (response @ dual - dual @ dual / 2), rtol=1e-9)


def test_stops_early_where_told_and_says_so(instance):
    design, response = map(jnp.asarray, instance)
    penalty = 0.02 * lambda_max(design, response)
    rough, cut = (
        SOLVE(design, response, penalty=penalty, tolerance=0.1),
        lasso(design, response, penalty=penalty, iterations=1),
    )
    assert 1e-11 < rough.gap <= 0.1 and cut.gap > 1e-11


def test_nan_is_no_solution(instance):
    design, response = map(jnp.asarray, instance)
    for broken in ((design.at[0, 0].set(jnp.nan), response), (design, response.at[0].set(jnp.inf))):
        found = SOLVE(*broken, penalty=0.1)
        assert np.all(np.isnan(found.coefficients)) and not np.isfinite(found.gap)


def test_small_penalty_limit_is_the_linear_programme(instance):
    design, response = instance
    programme = linprog(np.ones(80), A_eq=np.hstack([design, -design]), b_eq=response)
    found = SOLVE(design, response, penalty=1e-6 * np.max(np.abs(design.T @ response)))
    assert_close("L1 norm of the linear programme", np.abs(found.coefficients).sum(), programme.fun, rtol=1e-4)


def test_refit_is_least_norm(instance):
    design, response = instance
    support = np.arange(40) < 7
    ours = refit(jnp.asarray(design), jnp.asarray(response), jnp.asarray(support), cutoff=1e-10)
    assert_close("least-norm refit", ours[:7], np.linalg.pinv(design[:, :7]) @ response, rtol=1e-9)
