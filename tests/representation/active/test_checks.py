import numpy as np
import pytest

from mtrl.numerics.errors import BadInput
from mtrl.representation.active import checks


def test_budget():
    with pytest.raises(BadInput, match=r"budget N=100 below M\*N_min=20\*6=120; lower --floor or raise --budget"):
        checks.check_budget(100, tasks=20, floor=6, rank=3)
    with pytest.warns(UserWarning, match="unidentifiable"):
        checks.check_budget(100, tasks=20, floor=2, rank=3)


def test_span():
    with pytest.raises(BadInput, match=r"target head not in the span of the source heads \(residual 1"):
        checks.check_span(np.array([[1.0, 2.0], [0.0, 0.0]]), np.array([1.0, 1.0]))
    with pytest.raises(BadInput, match="rank of W is 1 of 2"):
        checks.check_span(np.array([[1.0, 2.0], [0.0, 0.0]]), np.array([1.0, 0.0]))
    checks.check_span(np.eye(2), np.ones(2))


def test_rank():
    with pytest.raises(BadInput, match=r"rank K=9 is above min\(d=20, M=8\)"):
        checks.check_identified(9, dim=20, tasks=8, target_samples=100)
    with pytest.raises(BadInput, match="above the n_0=4 target samples"):
        checks.check_identified(5, dim=20, tasks=8, target_samples=4)


def test_lasso_ratio():
    for ratio in (0.0, -1.0, 1.0, float("nan")):
        with pytest.raises(BadInput, match="LASSO penalty ratio"):
            checks.check_lasso_ratio(ratio)


def test_totals():
    for totals in ([500, 400], [500, 500], [400, 800, 700]):
        with pytest.raises(BadInput, match="do not increase"):
            checks.check_totals(totals, tasks=4, floor=10, rank=2)
    with pytest.raises(BadInput, match="budget N=30"):
        checks.check_totals([30, 100], tasks=4, floor=10, rank=2)
    checks.check_totals([100, 100, 400], tasks=4, floor=10, rank=2)
