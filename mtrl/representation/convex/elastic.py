"""l2,1 + ridge: `min l(W) + lam l1_ratio sum_j ||W_j,:||_2 + lam (1 - l1_ratio)/2 ||W||_F^2`.

With one design and one n for all tasks this is scikit-learn's `MultiTaskElasticNet(alpha=lam, l1_ratio=l1_ratio)`.
"""

from typing import Any

from mtrl.numerics.checks import check_between, check_nonnegative
from mtrl.numerics.types import Scalar
from mtrl.representation.convex.penalties import rows
from mtrl.representation.convex.quadratic import DataTerm, with_ridge
from mtrl.representation.convex.solver import Start, Weights
from mtrl.representation.convex.working_set import fit_rows


def elastic(term: DataTerm, lam: Scalar, *, l1_ratio: Scalar = 0.5, start: Start = None, **search: Any) -> Weights:
    """FISTA to a relative duality gap; the ridge part belongs to the smooth term. l1_ratio = 0 is `ridge`, and certified there only."""
    check_nonnegative(lam=lam)
    check_between(0, 1, l1_ratio=l1_ratio, hint="give the share of the group penalty")
    ridge = lam * (1 - l1_ratio)
    if isinstance(start, Weights):
        start = start._replace(slope=start.slope + ridge * start.weights)
    found = fit_rows(with_ridge(term, ridge), rows, lam * l1_ratio, start=start, **search)
    return found._replace(slope=found.slope - ridge * found.weights)
