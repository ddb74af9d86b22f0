import cvxpy as cp

from mtrl.representation.convex.max_norm import max_norm, max_norm_max
from tests.helpers import assert_close
from tests.representation.convex.fixtures import EXACT, reference, solve, term


def test_matches_cvxpy():
    weights, _ = reference(lambda w: 0.4 * cp.sum(cp.max(cp.abs(w), axis=1)))
    assert_close("l1,inf", solve(max_norm, gap=EXACT)(0.4).weights, weights, 1e-5)


def test_zero_iff_lam_reaches_the_largest_row_l1_norm_of_the_gradient():
    top = float(max_norm_max(term()))
    run = solve(max_norm, gap=EXACT)
    assert float(abs(run(1.0001 * top).weights).max()) == 0.0
    assert float(abs(run(0.99 * top).weights).max()) > 0
