import cvxpy as cp
import jax
import numpy as np

from mtrl.numerics.moments import moments
from mtrl.representation.classical.feature_selection import feature_selection
from mtrl.representation.classical.loss import loss_from_moments
from mtrl.representation.classical.single_task import lasso
from mtrl.representation.classical.trace_norm import relative_gap, trace_norm, trace_norm_max
from tests.helpers import assert_close
from tests.representation.classical.fixtures import LONG, data, loss, reference, solve


def test_matches_cvxpy():
    weights, _ = reference(lambda w: 0.4 * cp.normNuc(w))
    assert_close("trace", solve(trace_norm, iterations=LONG)(0.4).weights, weights, 1e-5)


def test_zero_iff_lam_reaches_the_spectral_norm_of_the_gradient():
    top = float(trace_norm_max(loss()))
    run = solve(trace_norm, iterations=LONG)
    assert float(abs(run(1.0001 * top).weights).max()) == 0.0
    assert float(abs(run(0.99 * top).weights).max()) > 0


def test_one_task_is_a_norm_penalty_and_a_lasso():
    x, y = data()
    one = loss_from_moments(moments(x[:1], y[:1]))
    weights = trace_norm(one, 0.3, iterations=LONG).weights[:, 0]
    variable = cp.Variable(6)
    fit = cp.sum_squares(np.asarray(x[0]) @ variable - np.asarray(y[0])) / 24
    cp.Problem(cp.Minimize(fit + 0.3 * cp.norm(variable, 2))).solve(solver=cp.CLARABEL)
    assert_close("norm of the vector", weights, variable.value, 1e-5)
    rows = feature_selection(one, 0.3, iterations=LONG).weights
    assert_close("l2,1 = lasso", rows, lasso(one, 0.3, iterations=LONG).weights, 1e-9)
    assert jax.numpy.isfinite(weights).all()


def test_stops_at_the_duality_gap_asked_for():
    fit = lambda goal: solve(trace_norm, iterations=LONG, gap=goal)(0.4).weights  # noqa: E731
    gaps = [float(relative_gap(loss(), fit(goal), 0.4)) for goal in (1e-2, 1e-6)]
    assert gaps[1] <= 1e-6 < gaps[0] <= 1e-2
    assert_close(
        "gap of an exact fit",
        1 + relative_gap(loss(), solve(trace_norm, iterations=LONG)(0.4).weights, 0.4),
        1.0,
        1e-12,
    )
