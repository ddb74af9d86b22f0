import cvxpy as cp
import numpy as np

from mtrl.representation.convex.mean_regularised import mean_regularised, pooled_ridge
from mtrl.representation.convex.single_task import ridge
from tests.helpers import assert_close
from tests.representation.convex.fixtures import TASKS, data, reference, solve, term


def test_matches_cvxpy():
    centring = np.eye(TASKS) - np.full((TASKS, TASKS), 1 / TASKS)
    weights, _ = reference(lambda w: 0.35 * cp.sum_squares(w @ centring) + 0.05 * cp.sum_squares(w))
    found = solve(mean_regularised, mu=0.1)(0.7)
    assert_close("cvxpy", found.weights, weights, 1e-5)
    assert float(found.gap) < 1e-20


def test_limits_are_single_task_and_pooled_ridge():
    alone = solve(mean_regularised, mu=0.1)(0.0).weights
    assert_close("rho = 0", alone, ridge(term(), 0.1).weights, 1e-10)
    together = solve(mean_regularised, mu=0.1)(1e9).weights
    assert_close("rho to infinity", together, pooled_ridge(term(), TASKS * 0.1).weights, 1e-6)


def test_pooled_ridge_is_least_squares_on_all_rows():
    x, y = (np.asarray(v) for v in data())
    rows, responses = x.reshape(-1, 6) / np.sqrt(12), y.reshape(-1) / np.sqrt(12)
    expected = np.linalg.solve(rows.T @ rows + 0.5 * np.eye(6), rows.T @ responses)
    assert_close("pooled", pooled_ridge(term(), 0.5).weights, np.tile(expected[:, None], (1, TASKS)), 1e-10)
