"""FAMO: weights that let all log-losses fall at one rate, with no task gradients (Liu, Feng, Stone, Liu, NeurIPS 2023)."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float

from mtrl.descent.weightings.weighting import Weighting, check_losses, check_tasks, where_positive
from mtrl.numerics.checks import check_finite, check_nonnegative, check_positive
from mtrl.numerics.types import Scalar


class FamoState(NamedTuple):
    """Logits xi (task,), the optimiser's memory, the losses of the step before and whether there was one."""

    logits: Float[Array, " task"]
    memory: Any
    last: Float[Array, " task"]
    started: Array


def famo(*, tasks: int, rate: Scalar = 0.025, decay: Scalar = 1e-3, floor: Scalar = 0.0) -> Weighting:
    """`w_t = c z_t / D_t`, `z = softmax(xi)`, `D = L - floor`, `c = 1 / sum(z / D)`; xi follows how much each log-loss fell.

    Args:
      tasks: T.
      rate, decay: of Adam on xi.
      floor: smallest losses that can be reached.

    Deviation: the fall is measured between the losses of consecutive steps, the released code evaluates the same batch again.

    Raises:
      BadInput: rate is not positive or decay below 0, a floor that is not finite; a loss at or below the floor.
    """
    check_positive(rate=rate)
    check_nonnegative(decay=decay)
    check_finite(floor=floor, hint="a number below every loss")
    check_tasks(tasks)
    learner = optax.chain(optax.add_decayed_weights(decay), optax.scale_by_adam(), optax.scale_by_learning_rate(rate))
    zero = jnp.zeros(tasks)

    def update(losses, state, **extra):
        check_losses(losses - floor, tasks, positive=True)
        gap = (losses - floor).astype(zero.dtype)
        fall = jnp.where(state.started, jnp.log(state.last) - jnp.log(gap), 0)
        slope = jax.vjp(jax.nn.softmax, state.logits)[1](fall)[0]
        with jax.numpy_dtype_promotion("standard"):  # Optax's Adam counts in whole numbers
            step, memory = learner.update(slope, state.memory, state.logits)

        def keep(new, old):
            return jnp.where(state.started, new, old)

        logits = keep(optax.apply_updates(state.logits, step), state.logits)
        z = jax.nn.softmax(logits)
        weights = where_positive(gap, z / gap / jnp.sum(z / gap)).astype(losses.dtype)
        return weights, FamoState(logits, jax.tree.map(keep, memory, state.memory), gap, jnp.array(True))

    return Weighting(lambda: FamoState(zero, learner.init(zero), jnp.ones(tasks), jnp.array(False)), update)
