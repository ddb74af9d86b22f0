"""Every task alone: ridge `l(W) + lam/2 ||W||_F^2` and lasso `l(W) + lam sum |W_jt|`.

scikit-learn scales ridge without the 1/(2n): `Ridge(alpha=n lam)` is this ridge, `Lasso(alpha=lam)` this lasso; see
`mtrl.representation.classical.scikit`.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from mtrl.numerics.optim.fista import fista
from mtrl.numerics.optim.proximal import soft_threshold
from mtrl.numerics.types import Scalar
from mtrl.representation import checks
from mtrl.representation.classical.loss import Loss, Weights, gradient, zero_gradient


def ridge(loss: Loss, lam: Scalar) -> Weights:
    """`(H_t + lam I) w_t = b_t` per task, lam > 0."""
    checks.check_penalty(lam=lam)
    eye = jnp.eye(loss.linear.shape[1], dtype=loss.linear.dtype)
    weights = jnp.linalg.solve(loss.hessian + lam * eye, loss.linear[..., None])[..., 0].T
    slope = gradient(loss, weights) + lam * weights
    size = jnp.linalg.norm(loss.linear)
    return Weights(weights, jnp.linalg.norm(slope) / jnp.where(size > 0, size, 1))


def lasso(loss: Loss, lam: Scalar, *, start: Float[Array, "dim task"] | None = None, iterations: int = 300) -> Weights:
    """FISTA on the entrywise l1 penalty."""
    checks.check_penalty(lam=lam)
    found = fista(
        lambda w: gradient(loss, w),
        lambda w, step: soft_threshold(w, step * lam),
        jnp.zeros_like(loss.linear.T) if start is None else start,
        lipschitz=loss.lipschitz,
        iterations=iterations,
    )
    return Weights(found.point, found.residual)


def lasso_max(loss: Loss) -> Float[Array, ""]:
    """The least lam for which W = 0: the largest entry of the gradient at zero."""
    return jnp.max(jnp.abs(zero_gradient(loss)))
