"""Sharpness-aware minimisation (Foret et al. 2021): the gradient taken at the worst nearby point."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from mtrl.numerics.types import Scalar


def sharpness_aware_gradient(loss: Callable[[Any], Any], params: Any, *, rho: Scalar) -> tuple[Any, Any]:
    """Loss at `params` and its gradient at `params + rho g/|g|`, with g the gradient at `params`.

    At g = 0 the perturbation is zero.

    Args:
      loss: params -> scalar.
      params: pytree.
      rho: radius >= 0; 0 gives the plain gradient.
    """
    value, gradient = jax.value_and_grad(loss)(params)
    norm = jnp.sqrt(sum(jnp.vdot(g, g) for g in jax.tree.leaves(gradient)))
    step = rho / jnp.where(norm > 0, norm, 1)
    worst = jax.tree.map(lambda p, g: p + step.astype(p.dtype) * g, params, gradient)
    return value, jax.grad(loss)(worst)
