import numpy as np
from sklearn.linear_model import Lasso, Ridge

from mtrl.representation.classical.scikit import lam_from_alpha
from mtrl.representation.classical.single_task import lasso, lasso_max, ridge
from tests.helpers import assert_close
from tests.representation.classical.fixtures import LONG, SAMPLES, TASKS, data, loss, solve


def test_each_task_matches_scikit_learn():
    x, y = (np.asarray(v) for v in data())
    ridges = solve(ridge)(0.3)
    lassos = solve(lasso, iterations=LONG)(0.2)
    for t in range(TASKS):
        sk = Ridge(alpha=SAMPLES * 0.3, fit_intercept=False).fit(x[t], y[t])
        assert_close("Ridge(alpha = n lam)", ridges.weights[:, t], sk.coef_, 1e-10)
        sk = Lasso(alpha=0.2, fit_intercept=False, tol=1e-14, max_iter=100000).fit(x[t], y[t])
        assert_close("Lasso", lassos.weights[:, t], sk.coef_, 1e-7)
    assert lam_from_alpha("Ridge", SAMPLES * 0.3, SAMPLES) == 0.3
    assert float(ridges.residual) < 1e-12


def test_lasso_is_zero_iff_lam_reaches_the_largest_gradient_entry():
    top = float(lasso_max(loss()))
    run = solve(lasso, iterations=LONG)
    assert float(abs(run(1.0001 * top).weights).max()) == 0.0
    assert float(abs(run(0.99 * top).weights).max()) > 0
