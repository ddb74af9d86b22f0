"""A loss weighting as an aggregator: weighted gradients, summed or handed to another aggregator."""

from typing import Any

import jax
import jax.numpy as jnp
import optax

from mtrl.descent import gramian
from mtrl.descent.weightings import Weighting


def weighted(
    weighting: Weighting, aggregator: optax.GradientTransformationExtraArgs | None = None
) -> optax.GradientTransformationExtraArgs:
    """`sum_t w_t g_t`, or the aggregate of the rows `w_t g_t`; `update` asks for `losses=` and hands on the gradients' norms.

    Args:
      weighting: of `mtrl.descent.weightings`.
      aggregator: what becomes of the weighted gradients; None for their sum.
    """

    def init(params: Any) -> Any:
        return weighting.init(), () if aggregator is None else aggregator.init(params)

    def update(rows: Any, state: Any, params: Any = None, *, losses: Any, **extra: Any) -> Any:
        norms = jnp.sqrt(jnp.maximum(jnp.diagonal(gramian(rows)), 0.0)).astype(losses.dtype)
        weights, first = weighting.update(losses, state[0], norms=norms)
        weights = weights.astype(losses.dtype)
        if aggregator is None:
            return jax.tree.map(lambda leaf: jnp.einsum("t...,t->...", leaf, weights.astype(leaf.dtype)), rows), (
                first,
                (),
            )
        scaled = jax.tree.map(lambda leaf: jnp.einsum("t...,t->t...", leaf, weights.astype(leaf.dtype)), rows)
        direction, second = aggregator.update(scaled, state[1], params, losses=losses, **extra)
        return direction, (first, second)

    return optax.GradientTransformationExtraArgs(init, update)  # pyright: ignore[reportArgumentType]
