"""FISTA on a stacked pair: `min l(P + Q) + penalty_P(P) + penalty_Q(Q)`, each block with its own proximal map.

The gradient in both blocks is that of l at P + Q, so its Lipschitz constant is twice that of l. Used by the dirty
model, robust multitask learning, robust feature learning and sparse + low rank.
"""

from collections.abc import Callable

import jax.numpy as jnp
from jaxtyping import Array, Float

from mtrl.numerics.optim.fista import fista
from mtrl.numerics.types import Scalar
from mtrl.representation.classical.loss import Decomposition, Loss, gradient

Prox = Callable[[Float[Array, "dim task"], Scalar], Float[Array, "dim task"]]


def decompose(
    loss: Loss,
    prox_shared: Prox,
    prox_own: Prox,
    *,
    start: tuple[Float[Array, "dim task"], Float[Array, "dim task"]] | None = None,
    iterations: int = 300,
) -> Decomposition:
    """W = P + Q.

    Args:
      loss: data term.
      prox_shared: `prox(P, step)`.
      prox_own: `prox(Q, step)`.
      start: (P, Q); zeros when None.
      iterations: static.
    """
    zeros = jnp.zeros_like(loss.linear.T)

    def slope(pair):
        g = gradient(loss, pair[0] + pair[1])
        return (g, g)

    found = fista(
        slope,
        lambda pair, step: (prox_shared(pair[0], step), prox_own(pair[1], step)),
        (zeros, zeros) if start is None else start,
        lipschitz=2 * loss.lipschitz,
        iterations=iterations,
    )
    shared, own = found.point
    return Decomposition(shared + own, shared, own, found.residual)
