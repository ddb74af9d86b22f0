"""DWA: weights from the rates at which losses fell (Liu, Johns, Davison, CVPR 2019)."""

import jax
import jax.numpy as jnp

from mtrl.descent.weightings.weighting import Weighting, check_losses, check_tasks, no_epochs, record
from mtrl.numerics.checks import check_positive, check_whole
from mtrl.numerics.types import Scalar


def dwa(*, tasks: int, steps_per_epoch: int, temperature: Scalar = 2.0) -> Weighting:
    """`w = T softmax(r / temperature)`, `r_t = L_t(epoch - 1) / L_t(epoch - 2)` of mean losses; ones in the first two epochs.

    Raises:
      BadInput: a temperature that is not positive, or fewer than one step.
    """
    check_positive(temperature=temperature)
    check_whole(steps_per_epoch=steps_per_epoch)
    check_tasks(tasks)

    def update(losses, state, **extra):
        check_losses(losses, tasks)
        known = state.step >= 2 * steps_per_epoch
        rates = jnp.where(known, state.last / jnp.where(state.before == 0, 1, state.before), 1)
        weights = (tasks * jax.nn.softmax(rates / temperature)).astype(losses.dtype)
        return weights, record(losses.astype(state.total.dtype), state, steps_per_epoch)

    return Weighting(lambda: no_epochs(tasks), update)
