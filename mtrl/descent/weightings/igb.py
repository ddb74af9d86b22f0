"""IGB v1: weights by the gap that can still be improved (Dai, Fei, Lu, UAI 2023, arXiv 2307.15429)."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from mtrl.descent.weightings.weighting import Weighting, check_losses, check_tasks, where_positive
from mtrl.numerics.checks import check_whole


class IgbState(NamedTuple):
    """Steps, sum of the losses in the base epoch, and the base losses."""

    step: Array
    total: Float[Array, " task"]
    base: Float[Array, " task"]


def igb_weights(losses: Float[Array, " task"], base: Float[Array, " task"]) -> Float[Array, " task"]:
    """`T softmax(L / L^b)`: weights of the log-losses, they sum to T."""
    return losses.shape[0] * jax.nn.softmax(losses / base)


def igb(*, tasks: int, steps_per_epoch: int, base_epoch: int = 1) -> Weighting:
    """Minimises `sum_t w_t log L_t`: the weights of the losses themselves are `w_t / L_t`, those of the logarithms `igb_weights`.

    `L^b` is the mean loss over the epoch of index `base_epoch` (the second one); until it is over, `w_t = 1`. Version 2, whose weights an
    agent chooses, is `mtrl.optimization.igb_agent`.

    Raises:
      BadInput: fewer than one step, an epoch below 0, a loss that is not above 0.
    """
    check_whole(steps_per_epoch=steps_per_epoch)
    check_whole(base_epoch=base_epoch, lower=0)
    check_tasks(tasks)
    begin, end = base_epoch * steps_per_epoch, (base_epoch + 1) * steps_per_epoch

    def update(losses, state, **extra):
        check_losses(losses, tasks, positive=True)
        within = (state.step >= begin) & (state.step < end)
        total = state.total + jnp.where(within, losses.astype(state.total.dtype), 0)
        known = state.step >= end
        base = jnp.where(known, state.base, total / steps_per_epoch)
        of_logs = jnp.where(known, igb_weights(losses, jnp.where(known, base, 1).astype(losses.dtype)), 1)
        return where_positive(losses, of_logs / losses), IgbState(state.step + 1, total, base)

    return Weighting(lambda: IgbState(jnp.zeros((), int), jnp.zeros(tasks), jnp.zeros(tasks)), update)
