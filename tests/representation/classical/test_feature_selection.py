import numpy as np
from sklearn.linear_model import MultiTaskLasso

from mtrl.representation.classical.feature_selection import feature_selection, feature_selection_max, relative_gap
from tests.helpers import assert_close
from tests.representation.classical.fixtures import LONG, data, loss, solve


def test_matches_scikit_learn():
    x, y = data(shared=True)
    sk = MultiTaskLasso(alpha=0.2, fit_intercept=False, tol=1e-13, max_iter=100000).fit(
        np.asarray(x[0]), np.asarray(y).T
    )
    found = solve(feature_selection, True, iterations=LONG)(0.2)
    assert_close("MultiTaskLasso", found.weights, sk.coef_.T, 1e-7)
    assert float(found.residual) < 1e-10


def test_zero_iff_lam_reaches_the_largest_row_norm_of_the_gradient():
    top = float(feature_selection_max(loss()))
    run = solve(feature_selection, iterations=LONG)
    assert float(abs(run(1.0001 * top).weights).max()) == 0.0
    assert float(abs(run(0.99 * top).weights).max()) > 0


def test_stops_at_the_duality_gap_asked_for():
    fit = lambda goal: solve(feature_selection, iterations=LONG, gap=goal)(0.2).weights  # noqa: E731
    gaps = [float(relative_gap(loss(), fit(goal), 0.2)) for goal in (1e-2, 1e-6)]
    assert gaps[1] <= 1e-6 < gaps[0] <= 1e-2
    assert_close(
        "gap of an exact fit",
        1 + relative_gap(loss(), solve(feature_selection, iterations=LONG)(0.2).weights, 0.2),
        1.0,
        1e-12,
    )
