"""Robust multitask feature learning (Gong, Ye, Zhang 2012, KDD): shared features plus outlier tasks.

`min l(P + Q) + lam_1 sum_j ||P_j,:||_2 + lam_2 sum_t ||Q_:,t||_2`: rows of P are selected features, columns of Q
outlier tasks.
"""

from typing import Any

from mtrl.numerics.checks import check_nonnegative
from mtrl.numerics.types import Scalar
from mtrl.representation.convex.penalties import columns, rows
from mtrl.representation.convex.quadratic import DataTerm
from mtrl.representation.convex.solver import Decomposition, fit_sum


def robust_features(term: DataTerm, lam_1: Scalar, *, lam_2: Scalar, **search: Any) -> Decomposition:
    """Row-sparse P (weight lam_1) plus column-sparse Q (weight lam_2)."""
    check_nonnegative(lam_1=lam_1, lam_2=lam_2)
    return fit_sum(term, rows(lam_1), columns(lam_2), **search)
