"""Accelerated proximal gradient descent (FISTA) with adaptive restart, as a fixed-length scan; `composite` stops at a gap.

Beck and Teboulle 2009 (SIAM J. Imaging Sciences 2), restarted by the gradient test of O'Donoghue and Candes 2015
(Foundations of Computational Mathematics 15), which makes it linearly convergent near a strongly convex solution
without knowing the modulus.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, PyTree

from mtrl.numerics.types import Scalar


class Solution(NamedTuple):
    """Point reached and how far it is from optimal."""

    point: Any  # PyTree like the start
    residual: Float[Array, ""]  # ||x - prox(x - gradient(x)/L)|| / max(||x||, ||gradient(x)||/L); 0 iff optimal


def fista(
    gradient: Callable[[PyTree], PyTree],
    prox: Callable[[PyTree, Scalar], PyTree],
    start: PyTree,
    *,
    lipschitz: Scalar,
    iterations: int = 200,
) -> Solution:
    """Minimise `smooth(x) + penalty(x)`.

    Args:
      gradient: of the smooth part.
      prox: `prox(x, step)`, the proximal map of step times the penalty.
      start: initial point, any PyTree of floating arrays; a warm start shortens the path.
      lipschitz: Lipschitz constant L of the gradient; the step is 1/L.
      iterations: static length of the scan.

    Returns:
      `Solution`; its residual is the certificate, zero exactly at a minimiser.
    """
    step = 1 / jnp.where(jnp.asarray(lipschitz) > 0, lipschitz, 1)  # a zero gradient map needs no step
    step = step.astype(jax.tree.leaves(start)[0].dtype)

    def forward(point):
        return prox(optax.tree.add_scale(point, -step, gradient(point)), step)

    def body(carry, _):
        point, momentum, clock = carry
        new = forward(momentum)
        # Restart when the momentum points uphill: <y - x_new, x_new - x> > 0.
        uphill = jnp.asarray(optax.tree.vdot(optax.tree.sub(momentum, new), optax.tree.sub(new, point))) > 0
        clock = jnp.where(uphill, 1.0, clock).astype(step.dtype)
        new_clock = (1 + jnp.sqrt(1 + 4 * clock**2)) / 2
        weight = jnp.where(uphill, 0.0, (clock - 1) / new_clock).astype(step.dtype)
        new_momentum = optax.tree.add_scale(new, weight, optax.tree.sub(new, point))
        return (new, new_momentum, new_clock), None

    (point, _, _), _ = jax.lax.scan(body, (start, start, jnp.ones_like(step)), length=iterations)
    descent = optax.tree.scale(step, gradient(point))
    moved = optax.tree.norm(optax.tree.sub(point, prox(optax.tree.sub(point, descent), step)))
    scale = jnp.maximum(optax.tree.norm(point), optax.tree.norm(descent))
    return Solution(point, moved / jnp.where(scale > 0, scale, 1))
