"""Multitask feature selection (MTFS): `min l(W) + lam sum_j ||W_j,:||_2`; a feature is used by all tasks or by none.

Obozinski, Taskar, Jordan 2006; Liu, Ji, Ye 2009. With one design and one n for all tasks this is scikit-learn's
`MultiTaskLasso(alpha=lam, fit_intercept=False)`.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from mtrl.numerics.optim.fista import fista
from mtrl.numerics.optim.proximal import row_norms, shrink_groups
from mtrl.numerics.types import Scalar
from mtrl.representation import checks
from mtrl.representation.classical.loss import Loss, Weights, duality_gap, gradient, value_at_zero, zero_gradient


def feature_selection(
    loss: Loss,
    lam: Scalar,
    *,
    start: Float[Array, "dim task"] | None = None,
    iterations: int = 300,
    gap: Scalar | None = None,
) -> Weights:
    """FISTA on the l2,1 penalty of weight lam.

    With `gap` it stops once `relative_gap` is no larger, after at most `iterations`.
    """
    checks.check_penalty(lam=lam)
    found = fista(
        lambda w: gradient(loss, w),
        lambda w, step: shrink_groups(w, step * lam, axis=1),
        jnp.zeros_like(loss.linear.T) if start is None else start,
        lipschitz=loss.lipschitz,
        iterations=iterations,
        stop=None if gap is None else lambda w: relative_gap(loss, w, lam) <= gap,
    )
    return Weights(found.point, found.residual)


def relative_gap(loss: Loss, weights: Float[Array, "dim task"], lam: Scalar) -> Float[Array, ""]:
    """Duality gap over the objective at W = 0, an upper bound on the relative suboptimality."""
    dual_norm = jnp.max(row_norms(gradient(loss, weights))) / lam
    return duality_gap(loss, weights, lam * jnp.sum(row_norms(weights)), dual_norm) / value_at_zero(loss)


def feature_selection_max(loss: Loss) -> Float[Array, ""]:
    """The least lam for which W = 0: the largest row norm of the gradient at zero."""
    return jnp.max(row_norms(zero_gradient(loss)))
