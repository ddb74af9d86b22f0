"""l1,inf feature selection: `min l(W) + lam sum_j max_t |W_jt|` (Turlach, Venables, Wright 2005; Quattoni et al. 2009).

A feature pays once for its largest weight, so selected features tend to share one magnitude over all tasks.
"""

from typing import Any

from jaxtyping import Array, Float

from mtrl.numerics.checks import check_nonnegative
from mtrl.numerics.optim.proximal import l1_inf_dual_norm
from mtrl.numerics.types import Scalar
from mtrl.representation.convex.penalties import row_maxima
from mtrl.representation.convex.quadratic import DataTerm
from mtrl.representation.convex.solver import Weights
from mtrl.representation.convex.working_set import fit_rows


def max_norm(term: DataTerm, lam: Scalar, **search: Any) -> Weights:
    """FISTA on the l1,inf penalty of weight lam, to a relative duality gap."""
    check_nonnegative(lam=lam)
    return fit_rows(term, row_maxima, lam, **search)


def max_norm_max(term: DataTerm) -> Float[Array, ""]:
    """The least lam for which W = 0: the largest row l1 norm of the gradient at zero."""
    return l1_inf_dual_norm(term.means.cross.T)
