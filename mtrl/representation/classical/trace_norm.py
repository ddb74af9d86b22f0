"""Trace-norm regularisation: `min l(W) + lam ||W||_*`, the convex relaxation of a low rank (Ji and Ye 2009).

The high-dimensional estimator of Du et al. 2021, section 5, is this one. `mtrl.representation.classical.
factored_trace_norm` reaches the same optimum through factors.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from mtrl.numerics.fista import fista
from mtrl.numerics.proximal import shrink_singular_values, spectral_norm
from mtrl.numerics.types import Scalar
from mtrl.representation.classical.loss import Loss, Weights, gradient, zero_gradient


def trace_norm(
    loss: Loss, lam: Scalar, *, start: Float[Array, "dim task"] | None = None, iterations: int = 300
) -> Weights:
    """FISTA; the prox soft-thresholds the singular values, O(min(dim, tasks) dim tasks) each."""
    found = fista(
        lambda w: gradient(loss, w),
        lambda w, step: shrink_singular_values(w, step * lam),
        jnp.zeros_like(loss.linear.T) if start is None else start,
        lipschitz=loss.lipschitz,
        iterations=iterations,
    )
    return Weights(found.point, found.residual)


def trace_norm_max(loss: Loss) -> Float[Array, ""]:
    """The least lam for which W = 0: the spectral norm of the gradient at zero."""
    return spectral_norm(zero_gradient(loss))
