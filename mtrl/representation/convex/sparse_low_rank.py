"""Sparse plus low rank (Chen, Liu, Ye 2012, Learning Incoherent Sparse and Low-Rank Patterns; convex form).

`min l(P + Q) + lam_l ||P||_* + lam_s sum |Q_jt|`. Deviation: the paper bounds the trace norm; here it is penalised,
which traces the same solutions.
"""

from typing import Any

from mtrl.numerics.checks import check_nonnegative
from mtrl.numerics.types import Scalar
from mtrl.representation.convex.penalties import entries, singular_values
from mtrl.representation.convex.quadratic import DataTerm
from mtrl.representation.convex.solver import Decomposition, fit_sum


def sparse_low_rank(term: DataTerm, lam_l: Scalar, *, lam_s: Scalar, **search: Any) -> Decomposition:
    """Low-rank P (trace norm, weight lam_l) plus entrywise sparse Q (weight lam_s)."""
    check_nonnegative(lam_l=lam_l, lam_s=lam_s)
    return fit_sum(term, singular_values(lam_l), entries(lam_s), **search)
