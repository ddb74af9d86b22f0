from mtrl.representation.convex.dirty import dirty
from mtrl.representation.convex.single_task import lasso
from tests.helpers import assert_close
from tests.representation.convex.fixtures import EXACT, TASKS, solve


def test_limits_drop_one_part():
    sparse = solve(dirty, lam_s=0.2, gap=EXACT)(0.21 * TASKS)  # lam_s <= lam_b / T
    assert float(abs(sparse.shared).max()) < 1e-9
    assert_close("lasso", sparse.weights, solve(lasso, gap=EXACT)(0.2).weights, 1e-8)
    joint = solve(dirty, lam_s=0.2, gap=EXACT)(0.19)  # lam_s >= lam_b
    assert float(abs(joint.own).max()) < 1e-9
    assert float(abs(joint.shared).max()) > 0
