"""Trace-norm regularisation: `min l(W) + lam ||W||_*`, the convex relaxation of a low rank (Ji and Ye 2009).

The high-dimensional estimator of Du et al. 2021, section 5, is this one. `factored_trace_norm` reaches the same optimum through factors.
"""

from typing import Any

from jaxtyping import Array, Float

from mtrl.numerics.checks import check_nonnegative
from mtrl.numerics.optim.proximal import spectral_norm
from mtrl.numerics.types import Scalar
from mtrl.representation.convex.penalties import singular_values
from mtrl.representation.convex.quadratic import DataTerm
from mtrl.representation.convex.solver import Weights, fit_norm


def trace_norm(term: DataTerm, lam: Scalar, **search: Any) -> Weights:
    """FISTA to a relative duality gap; the prox soft-thresholds the singular values, O(min(dim, tasks) dim tasks) each."""
    check_nonnegative(lam=lam)
    return fit_norm(term, singular_values(lam), **search)


def trace_norm_max(term: DataTerm) -> Float[Array, ""]:
    """The least lam for which W = 0: the spectral norm of the gradient at zero."""
    return spectral_norm(term.means.cross.T)
