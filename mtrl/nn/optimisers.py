"""Adam with L2 decay (Kingma and Ba 2015), the decay divided by M on the heads of M tasks."""

from typing import Any

import jax
import jax.numpy as jnp
import optax

from mtrl.nn.heads import Network
from mtrl.numerics.types import Scalar


def adam(rate: Scalar, *, decay: Any = None) -> optax.GradientTransformation:
    """Adam; with `decay`, the gradient of `decay/2 |w|^2` is added before the moments are taken (L2, not AdamW).

    Args:
      rate: learning rate.
      decay: one number, or a tree prefix of the parameters with a number per part, e.g. `shared_decay`; None for none. May be traced.
    """
    rule = optax.adam(rate)

    def update(updates, state, params=None):
        if decay is not None:
            strengths = jax.tree.broadcast(decay, params)
            updates = jax.tree.map(lambda g, w, d: g + jnp.asarray(d, w.dtype) * w, updates, params, strengths)
        with jax.numpy_dtype_promotion("standard"):  # Optax raises floats to whole numbers
            return rule.update(updates, state, params)

    return optax.GradientTransformation(rule.init, update)


def shared_decay(decay: Scalar, tasks: int) -> Network:
    """`decay` on the body and `decay/M` on the heads.

    The mean loss over M tasks gives each head 1/M of its own gradient; an undivided decay would erase what the tasks share.
    """
    return Network(decay, decay / tasks)  # pyright: ignore[reportArgumentType]
