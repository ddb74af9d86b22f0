import cvxpy as cp
import pytest

from mtrl.representation.classical.dirty import dirty
from mtrl.representation.classical.robust import robust
from mtrl.representation.classical.robust_features import robust_features
from mtrl.representation.classical.sparse_low_rank import sparse_low_rank
from tests.helpers import assert_close
from tests.representation.classical.fixtures import LONG, reference, solve

NORMS = {
    "rows": lambda w: cp.sum(cp.norm(w, 2, axis=1)),
    "columns": lambda w: cp.sum(cp.norm(w, 2, axis=0)),
    "l1": lambda w: cp.sum(cp.abs(w)),
    "l1,inf": lambda w: cp.sum(cp.max(cp.abs(w), axis=1)),
    "trace": cp.normNuc,
}


@pytest.mark.parametrize(
    ("fit", "second", "shared", "own", "weights"),
    [
        (dirty, "lam_s", "l1,inf", "l1", (0.5, 0.25)),
        (robust, "lam_s", "trace", "columns", (0.4, 0.3)),
        (robust_features, "lam_2", "rows", "columns", (0.4, 0.35)),
        (sparse_low_rank, "lam_s", "trace", "l1", (0.5, 0.3)),
    ],
)
def test_sum_of_two_structures_matches_cvxpy(fit, second, shared, own, weights):
    expected, _ = reference(lambda p, q: weights[0] * NORMS[shared](p) + weights[1] * NORMS[own](q), blocks=2)
    found = solve(fit, iterations=LONG, **{second: weights[1]})(weights[0])
    assert_close("P + Q", found.weights, expected, 1e-5)
    assert_close("sum", found.weights, found.shared + found.own, 1e-12)
    assert float(found.residual) < 1e-8
