"""l1,inf feature selection: `min l(W) + lam sum_j max_t |W_jt|` (Turlach, Venables, Wright 2005; Quattoni et al. 2009).

A feature pays once for its largest weight, so selected features tend to share one magnitude over all tasks.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from mtrl.numerics.optim.fista import fista
from mtrl.numerics.optim.proximal import l1_inf_dual_norm, prox_l1_inf
from mtrl.numerics.types import Scalar
from mtrl.representation import checks
from mtrl.representation.classical.loss import Loss, Weights, gradient, zero_gradient


def max_norm(
    loss: Loss, lam: Scalar, *, start: Float[Array, "dim task"] | None = None, iterations: int = 300
) -> Weights:
    """FISTA on the l1,inf penalty of weight lam."""
    checks.check_penalty(lam=lam)
    found = fista(
        lambda w: gradient(loss, w),
        lambda w, step: prox_l1_inf(w, step * lam),
        jnp.zeros_like(loss.linear.T) if start is None else start,
        lipschitz=loss.lipschitz,
        iterations=iterations,
    )
    return Weights(found.point, found.residual)


def max_norm_max(loss: Loss) -> Float[Array, ""]:
    """The least lam for which W = 0: the largest row l1 norm of the gradient at zero."""
    return l1_inf_dual_norm(zero_gradient(loss))
