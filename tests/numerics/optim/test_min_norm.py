"""The smallest quadratic form on a simplex: three ways, one point; against cvxpy."""

import cvxpy as cp
import jax.numpy as jnp
import numpy as np

from mtrl.numerics.optim.min_norm import min_norm_exact, min_norm_frank_wolfe, min_norm_projected
from tests.helpers import assert_close


def test_three_ways_and_cvxpy():
    rng = np.random.default_rng(2)
    for rank in (2, 5):
        J = rng.normal(size=(5, rank)) + 0.4
        M = J @ J.T
        w = cp.Variable(5)
        best = cp.Problem(cp.Minimize(cp.sum_squares(J.T @ w)), [w >= 0, cp.sum(w) == 1]).solve()
        for solve, accuracy in (
            (min_norm_exact, 1e-7),
            (lambda M: min_norm_projected(M, iterations=2000), 1e-7),
            (lambda M: min_norm_frank_wolfe(M, iterations=2000, tolerance=1e-6), 1e-3),
        ):
            found = np.asarray(solve(jnp.asarray(M)))
            assert_close("value", found @ M @ found, best, atol=accuracy * np.trace(M))
            assert found.min() >= -1e-12 and abs(found.sum() - 1) < 1e-9


def test_nan_in_nan_out():
    assert np.isnan(np.asarray(min_norm_exact(jnp.full((3, 3), jnp.nan)))).all()
