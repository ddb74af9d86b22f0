import numpy as np

from mtrl.representation.convex.robust import robust
from mtrl.representation.convex.trace_norm import trace_norm
from tests.helpers import assert_close
from tests.representation.convex.fixtures import EXACT, TASKS, solve


def test_limits_drop_one_part():
    run = solve(robust, lam_s=0.4, gap=EXACT)
    low = run(0.4)  # lam_s >= lam_l
    assert float(abs(low.own).max()) < 1e-9
    assert_close("trace norm", low.weights, solve(trace_norm, gap=EXACT)(0.4).weights, 1e-6)
    outliers = run(0.4 * np.sqrt(TASKS))  # lam_s <= lam_l / sqrt(T)
    assert float(abs(outliers.shared).max()) < 1e-9
    assert float(abs(outliers.own).max()) > 0
