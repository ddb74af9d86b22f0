"""Robust multitask learning (Chen, Zhou, Ye 2011, KDD): a low-rank part plus outlier tasks.

`min l(P + Q) + lam_l ||P||_* + lam_s sum_t ||Q_:,t||_2`; a nonzero column of Q marks an outlier task. For lam_s >=
lam_l the outlier part vanishes (trace norm); for lam_s <= lam_l / sqrt(T) the low-rank part does.
"""

from typing import Any

from mtrl.numerics.checks import check_nonnegative
from mtrl.numerics.types import Scalar
from mtrl.representation.convex.penalties import columns, singular_values
from mtrl.representation.convex.quadratic import DataTerm
from mtrl.representation.convex.solver import Decomposition, fit_sum


def robust(term: DataTerm, lam_l: Scalar, *, lam_s: Scalar, **search: Any) -> Decomposition:
    """Low-rank P (trace norm, weight lam_l) plus outlier columns Q (weight lam_s)."""
    check_nonnegative(lam_l=lam_l, lam_s=lam_s)
    return fit_sum(term, singular_values(lam_l), columns(lam_s), **search)
