import cvxpy as cp
import jax
import numpy as np

from mtrl.numerics.moments import moments
from mtrl.representation.convex.feature_selection import feature_selection
from mtrl.representation.convex.quadratic import data_term
from mtrl.representation.convex.single_task import lasso
from mtrl.representation.convex.trace_norm import trace_norm, trace_norm_max
from tests.helpers import assert_close
from tests.representation.convex.fixtures import EXACT, data, reference, solve, term


def test_matches_cvxpy():
    weights, _ = reference(lambda w: 0.4 * cp.normNuc(w))
    assert_close("trace", solve(trace_norm, gap=EXACT)(0.4).weights, weights, 1e-5)


def test_zero_iff_lam_reaches_the_spectral_norm_of_the_gradient():
    top = float(trace_norm_max(term()))
    run = solve(trace_norm, gap=EXACT)
    assert float(abs(run(1.0001 * top).weights).max()) == 0.0
    assert float(abs(run(0.99 * top).weights).max()) > 0


def test_one_task_is_a_norm_penalty_and_a_lasso():
    x, y = data()
    one = data_term(moments(x[:1], y[:1]))
    weights = trace_norm(one, 0.3, gap=EXACT).weights[:, 0]
    variable = cp.Variable(6)
    fit = cp.sum_squares(np.asarray(x[0]) @ variable - np.asarray(y[0])) / 24
    cp.Problem(cp.Minimize(fit + 0.3 * cp.norm(variable, 2))).solve(solver=cp.CLARABEL)
    assert_close("norm of the vector", weights, variable.value, 1e-5)
    rows = feature_selection(one, 0.3, gap=EXACT).weights
    assert_close("l2,1 = lasso", rows, lasso(one, 0.3, gap=EXACT).weights, 1e-9)
    assert jax.numpy.isfinite(weights).all()
