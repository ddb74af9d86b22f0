"""Every task alone: ridge `l(W) + lam/2 ||W||_F^2` and lasso `l(W) + lam sum |W_jt|`.

scikit-learn scales ridge without the 1/(2n): `Ridge(alpha=n lam)` is this ridge, `Lasso(alpha=lam)` this lasso; see `lam_from_alpha`.
"""

from typing import Any

import jax.numpy as jnp
from jaxtyping import Array, Float

from mtrl.numerics.checks import check_nonnegative, check_positive
from mtrl.numerics.types import Scalar
from mtrl.representation.convex.penalties import entries
from mtrl.representation.convex.quadratic import DataTerm, designs, dual, gradient, solve_dual, value_at_zero
from mtrl.representation.convex.solver import Weights, certified
from mtrl.representation.convex.working_set import fit_rows


def ridge(term: DataTerm, lam: Scalar) -> Weights:
    """`(H_t + lam I) w_t = b_t` per task, lam > 0; in the dual where the samples are fewer than the features."""
    check_positive(lam=lam)
    cross = term.means.cross
    if (inverse := dual(term, lam)) is not None:
        weights = solve_dual(inverse, cross.T)
    else:
        eye = jnp.eye(cross.shape[1], dtype=cross.dtype)
        weights = jnp.linalg.solve(designs(term) + lam * eye, cross[..., None])[..., 0].T
    return by_slope(term, weights, gradient(term, weights) + lam * weights, lam)


def by_slope(term: DataTerm, weights: Float[Array, "dim task"], slope: Array, modulus: Scalar) -> Weights:
    """Certificate of a strongly convex objective: it is at most `||slope||^2 / (2 modulus)` above its minimum."""
    reached = jnp.sum(slope**2) / (2 * modulus) / value_at_zero(term)
    return certified(weights, reached, 1e-8, gradient(term, weights))


def lasso(term: DataTerm, lam: Scalar, **search: Any) -> Weights:
    """FISTA on the entrywise l1 penalty, on working sets of features that any task uses, to a relative duality gap."""
    check_nonnegative(lam=lam)
    return fit_rows(term, entries, lam, **search)


def lasso_max(term: DataTerm) -> Float[Array, ""]:
    """The least lam for which W = 0: the largest entry of the gradient at zero."""
    return jnp.max(jnp.abs(term.means.cross))
