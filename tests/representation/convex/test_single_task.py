import numpy as np
from sklearn.linear_model import Lasso, Ridge

from mtrl.representation.convex.scikit import lam_from_alpha
from mtrl.representation.convex.single_task import lasso, lasso_max, ridge
from tests.helpers import assert_close
from tests.representation.convex.fixtures import EXACT, SAMPLES, TASKS, data, solve, term


def test_each_task_matches_scikit_learn():
    x, y = (np.asarray(v) for v in data())
    ridges = solve(ridge)(0.3)
    lassos = solve(lasso, gap=EXACT)(0.2)
    for t in range(TASKS):
        sk = Ridge(alpha=SAMPLES * 0.3, fit_intercept=False).fit(x[t], y[t])
        assert_close("Ridge(alpha = n lam)", ridges.weights[:, t], sk.coef_, 1e-10)
        sk = Lasso(alpha=0.2, fit_intercept=False, tol=1e-14, max_iter=100000).fit(x[t], y[t])
        assert_close("Lasso", lassos.weights[:, t], sk.coef_, 1e-7)
    assert lam_from_alpha("Ridge", SAMPLES * 0.3, SAMPLES) == 0.3
    assert float(ridges.gap) < 1e-24


def test_lasso_is_zero_iff_lam_reaches_the_largest_gradient_entry():
    top = float(lasso_max(term()))
    run = solve(lasso, gap=EXACT)
    assert float(abs(run(1.0001 * top).weights).max()) == 0.0
    assert float(abs(run(0.99 * top).weights).max()) > 0
