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
    if decay is None:
        return optax.adam(rate)

    def decayed(updates, state, params):
        strengths = jax.tree.broadcast(decay, params)
        return jax.tree.map(lambda g, w, d: g + jnp.asarray(d, w.dtype) * w, updates, params, strengths), state

    return optax.chain(optax.GradientTransformation(lambda params: optax.EmptyState(), decayed), optax.adam(rate))


def shared_decay(decay: Scalar, tasks: int) -> Network:
    """`decay` on the body and `decay/M` on the heads.

    The mean loss over M tasks gives each head 1/M of its own gradient; an undivided decay would erase what the tasks share.
    """
    return Network(decay, decay / tasks)  # pyright: ignore[reportArgumentType]
