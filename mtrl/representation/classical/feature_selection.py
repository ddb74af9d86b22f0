"""Multitask feature selection (MTFS): `min l(W) + lam sum_j ||W_j,:||_2`; a feature is used by all tasks or by none.

Obozinski, Taskar, Jordan 2006; Liu, Ji, Ye 2009. With one design and one n for all tasks this is scikit-learn's
`MultiTaskLasso(alpha=lam, fit_intercept=False)`.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from mtrl.numerics.fista import fista
from mtrl.numerics.proximal import row_norms, shrink_groups
from mtrl.numerics.types import Scalar
from mtrl.representation.classical.loss import Loss, Weights, gradient, zero_gradient


def feature_selection(
    loss: Loss, lam: Scalar, *, start: Float[Array, "dim task"] | None = None, iterations: int = 300
) -> Weights:
    """FISTA on the l2,1 penalty of weight lam."""
    found = fista(
        lambda w: gradient(loss, w),
        lambda w, step: shrink_groups(w, step * lam, axis=1),
        jnp.zeros_like(loss.linear.T) if start is None else start,
        lipschitz=loss.lipschitz,
        iterations=iterations,
    )
    return Weights(found.point, found.residual)


def feature_selection_max(loss: Loss) -> Float[Array, ""]:
    """The least lam for which W = 0: the largest row norm of the gradient at zero."""
    return jnp.max(row_norms(zero_gradient(loss)))
