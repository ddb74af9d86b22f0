import numpy as np
from sklearn.linear_model import MultiTaskLasso

from mtrl.representation.convex.feature_selection import feature_selection, feature_selection_max
from tests.helpers import assert_close
from tests.representation.convex.fixtures import EXACT, data, solve, term


def test_matches_scikit_learn():
    x, y = data(shared=True)
    sk = MultiTaskLasso(alpha=0.2, fit_intercept=False, tol=1e-13, max_iter=100000).fit(
        np.asarray(x[0]), np.asarray(y).T
    )
    found = solve(feature_selection, True, gap=EXACT)(0.2)
    assert_close("MultiTaskLasso", found.weights, sk.coef_.T, 1e-7)
    assert bool(found.converged)


def test_zero_iff_lam_reaches_the_largest_row_norm_of_the_gradient():
    top = float(feature_selection_max(term()))
    run = solve(feature_selection, gap=EXACT)
    assert float(abs(run(1.0001 * top).weights).max()) == 0.0
    assert float(abs(run(0.99 * top).weights).max()) > 0
