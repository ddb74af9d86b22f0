"""l2,1 + ridge: `min l(W) + lam l1_ratio sum_j ||W_j,:||_2 + lam (1 - l1_ratio)/2 ||W||_F^2`.

With one design and one n for all tasks this is scikit-learn's `MultiTaskElasticNet(alpha=lam, l1_ratio=l1_ratio)`.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from mtrl.numerics.optim.fista import fista
from mtrl.numerics.optim.proximal import shrink_groups
from mtrl.numerics.types import Scalar
from mtrl.representation import checks
from mtrl.representation.classical.loss import Loss, Weights, gradient


def elastic(
    loss: Loss,
    lam: Scalar,
    *,
    l1_ratio: Scalar = 0.5,
    start: Float[Array, "dim task"] | None = None,
    iterations: int = 300,
) -> Weights:
    """FISTA; the ridge part belongs to the smooth term."""
    checks.check_penalty(lam=lam)
    checks.check_l1_ratio(l1_ratio)
    ridge = lam * (1 - l1_ratio)
    found = fista(
        lambda w: gradient(loss, w) + ridge * w,
        lambda w, step: shrink_groups(w, step * lam * l1_ratio, axis=1),
        jnp.zeros_like(loss.linear.T) if start is None else start,
        lipschitz=loss.lipschitz + ridge,
        iterations=iterations,
    )
    return Weights(found.point, found.residual)
