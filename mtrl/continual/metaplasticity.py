"""Metaplastic binary networks (Laborieux, Ernoult, Hirtzlin and Querlioz 2021): hidden weights that have grown are harder to shrink.

| symbol | name | shape |
| --- | --- | --- |
| W^h, sign(W^h) | `fields`, the weights in the forward pass | (unit, input) |
| U, the step of Adam | | |
| f(W) = 1 - tanh^2(m W) | `consolidation` is m, 1.35 in the original | () |

`W^h <- W^h - U f(W^h)` where the step would shrink |W^h|, that is U sign(W^h) > 0, else `W^h <- W^h - U`. No bias and no normalisation, as
in `deep`; gradients pass straight through the sign.
"""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import optax

from mtrl.continual.deep import Batch, Network, Penalty, binary_forward, cross_entropy, draw_fields
from mtrl.continual.problem import sign
from mtrl.numerics.algorithm import Iteration
from mtrl.numerics.checks import check_nonnegative, check_positive, check_whole
from mtrl.numerics.types import PRNGKey, Scalar


def metaplasticity(
    *,
    widths: Sequence[int],
    optimiser: optax.GradientTransformation,
    consolidation: Scalar = 1.35,
    scale: Scalar = 1.0,
    start: Any = None,
) -> Iteration:
    """The metaplastic rule; consolidation = 0 is a plain binary network.

    Args:
      widths: (inputs, hidden, ..., classes).
      optimiser: of Optax, Adam in the original.
      consolidation: m.
      scale: standard deviation of the first hidden weights.
      start: first hidden weights.

    Raises:
      BadInput: consolidation < 0, a scale not above 0, or a width below 1.
    """
    check_nonnegative(consolidation=consolidation)
    check_positive(scale=scale)
    check_whole(widths=tuple(widths))

    def init(key: PRNGKey, batch: Batch) -> Network:
        hidden = [scale * w for w in draw_fields(key, widths, batch.x.dtype)] if start is None else list(start)
        return Network(hidden, hidden, optimiser.init(hidden), jnp.asarray(0))  # pyright: ignore[reportArgumentType]

    def step(key: PRNGKey, state: Network, batch: Batch) -> tuple[Network, Penalty]:
        def loss(weights):
            return cross_entropy(binary_forward(weights, batch.x), batch.label)

        value, gradient = jax.value_and_grad(loss)([sign(w) for w in state.fields])
        with jax.numpy_dtype_promotion("standard"):
            updates, inner = optimiser.update(gradient, state.optimiser, state.fields)  # pyright: ignore
        hidden = [w + u.astype(w.dtype) * gate(w, u, consolidation) for w, u in zip(state.fields, updates, strict=True)]  # pyright: ignore
        return Network(hidden, state.fields, inner, state.step + 1), Penalty(value, jnp.zeros((), batch.x.dtype))

    return Iteration(init, step)


def gate(w: Any, update: Any, consolidation: Scalar) -> Any:
    """1 - tanh^2(m W) where the update (what is added) points against the sign of W, else 1."""
    return jnp.where(update * sign(w) < 0, 1 - jnp.tanh(consolidation * w) ** 2, jnp.ones_like(w))
