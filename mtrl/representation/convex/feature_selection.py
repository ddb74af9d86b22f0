"""Multitask feature selection (MTFS): `min l(W) + lam sum_j ||W_j,:||_2`; a feature is used by all tasks or by none.

Obozinski, Taskar, Jordan 2006; Liu, Ji, Ye 2009. With one design and one n for all tasks this is scikit-learn's
`MultiTaskLasso(alpha=lam, fit_intercept=False)`.
"""

from typing import Any

import jax.numpy as jnp
from jaxtyping import Array, Float

from mtrl.numerics.checks import check_nonnegative
from mtrl.numerics.optim.proximal import row_norms
from mtrl.numerics.types import Scalar
from mtrl.representation.convex.penalties import rows
from mtrl.representation.convex.quadratic import DataTerm
from mtrl.representation.convex.solver import Weights
from mtrl.representation.convex.working_set import fit_rows


def feature_selection(term: DataTerm, lam: Scalar, **search: Any) -> Weights:
    """FISTA on the l2,1 penalty of weight lam, on working sets of rows, to a relative duality gap."""
    check_nonnegative(lam=lam)
    return fit_rows(term, rows, lam, **search)


def feature_selection_max(term: DataTerm) -> Float[Array, ""]:
    """The least lam for which W = 0: the largest row norm of the gradient at zero."""
    return jnp.max(row_norms(term.means.cross.T))
