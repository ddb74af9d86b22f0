"""Trace-norm regularisation: `min l(W) + lam ||W||_*`, the convex relaxation of a low rank (Ji and Ye 2009).

The high-dimensional estimator of Du et al. 2021, section 5, is this one. `mtrl.representation.classical.
factored_trace_norm` reaches the same optimum through factors.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from mtrl.numerics.optim import proximal
from mtrl.numerics.optim.fista import fista
from mtrl.numerics.optim.proximal import shrink_singular_values, spectral_norm
from mtrl.numerics.types import Scalar
from mtrl.representation import checks
from mtrl.representation.classical.loss import Loss, Weights, duality_gap, gradient, value_at_zero, zero_gradient


def trace_norm(
    loss: Loss,
    lam: Scalar,
    *,
    start: Float[Array, "dim task"] | None = None,
    iterations: int = 300,
    gap: Scalar | None = None,
) -> Weights:
    """FISTA; the prox soft-thresholds the singular values, O(min(dim, tasks) dim tasks) each.

    With `gap` it stops once `relative_gap` is no larger, after at most `iterations`.
    """
    checks.check_penalty(lam=lam)
    found = fista(
        lambda w: gradient(loss, w),
        lambda w, step: shrink_singular_values(w, step * lam),
        jnp.zeros_like(loss.linear.T) if start is None else start,
        lipschitz=loss.lipschitz,
        iterations=iterations,
        stop=None if gap is None else lambda w: relative_gap(loss, w, lam) <= gap,
    )
    return Weights(found.point, found.residual)


def relative_gap(loss: Loss, weights: Float[Array, "dim task"], lam: Scalar) -> Float[Array, ""]:
    """Duality gap over the objective at W = 0, an upper bound on the relative suboptimality."""
    dual_norm = spectral_norm(gradient(loss, weights)) / lam
    return duality_gap(loss, weights, lam * proximal.trace_norm(weights), dual_norm) / value_at_zero(loss)


def trace_norm_max(loss: Loss) -> Float[Array, ""]:
    """The least lam for which W = 0: the spectral norm of the gradient at zero."""
    return spectral_norm(zero_gradient(loss))
