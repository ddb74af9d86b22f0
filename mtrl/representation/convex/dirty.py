"""Dirty model (Jalali, Ravikumar, Sanghavi, Ruan 2010, NeurIPS): shared features plus task-specific ones.

`min l(P + Q) + lam_b ||P||_{1,inf} + lam_s ||Q||_{1,1}`. For lam_s <= lam_b / T the shared part vanishes (a lasso per
task); for lam_s >= lam_b the own part does.
"""

from typing import Any

from mtrl.numerics.checks import check_nonnegative
from mtrl.numerics.types import Scalar
from mtrl.representation.convex.penalties import entries, row_maxima
from mtrl.representation.convex.quadratic import DataTerm
from mtrl.representation.convex.solver import Decomposition, fit_sum


def dirty(term: DataTerm, lam_b: Scalar, *, lam_s: Scalar, **search: Any) -> Decomposition:
    """Shared P (row-wise max norm, weight lam_b) plus own Q (entrywise l1, weight lam_s)."""
    check_nonnegative(lam_b=lam_b, lam_s=lam_s)
    return fit_sum(term, row_maxima(lam_b), entries(lam_s), **search)
