import jax
import jax.numpy as jnp
import numpy as np
from sklearn.linear_model import RidgeCV

from mtrl.representation.active import problem
from mtrl.representation.active.baselines import oracle_subspace, target_only_ridge
from mtrl.representation.active.theory import excess_risk
from tests.helpers import assert_close, assert_mean


def test_ridge_equals_scikit_learn():
    rng = np.random.default_rng(0)
    grid = 10.0 ** np.arange(-3, 4)
    for rows in (12, 60):  # fewer and more samples than dimensions
        x, y = rng.normal(size=(rows, 30)), rng.normal(size=rows)
        reference = RidgeCV(grid, fit_intercept=False).fit(x, y)
        ours = target_only_ridge(jnp.asarray(x), jnp.asarray(y), jnp.asarray(grid))
        assert_close("ridge", ours.theta, reference.coef_, rtol=1e-8)
        assert ours.penalty == reference.alpha_


def test_oracle_law(key):
    params = problem.gaussian_instance(jax.random.key(0), dim=15, rank=3, tasks=5)

    def one(k):
        x, y = problem.target_data(k, params, 20, noise=0.5)
        return problem.true_excess_risk(params, oracle_subspace(x, y, params.basis))

    risk = jax.jit(jax.vmap(one))(jax.random.split(key, 4000))
    assert_mean("sigma^2 K / (n_0 - K - 1)", risk, excess_risk(0.0, rank=3, target_samples=20, noise=0.5))


def test_errors_are_those_of_leaving_one_out():
    rng = np.random.default_rng(1)
    x, y, grid = rng.normal(size=(9, 4)), rng.normal(size=9), np.array([0.1, 2.0])
    ours = target_only_ridge(jnp.asarray(x), jnp.asarray(y), jnp.asarray(grid))
    for penalty, error in zip(grid, ours.errors, strict=True):
        misses = []
        for i in range(9):
            a, b = np.delete(x, i, 0), np.delete(y, i)
            misses.append(y[i] - x[i] @ np.linalg.solve(a.T @ a + penalty * np.eye(4), a.T @ b))
        assert_close("leave-one-out", error, np.mean(np.square(misses)), rtol=1e-9)
