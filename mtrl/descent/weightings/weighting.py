"""The one shape of a loss weighting."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from mtrl.numerics.checks import check_whole, known
from mtrl.numerics.errors import BadInput


class Weighting(NamedTuple):
    """How losses are weighted: the shared parameters follow `sum_t w_t grad L_t`.

    Attributes:
      init: `init() -> state`.
      update: `update(losses (task,), state, **extra) -> (weights (task,), state)`; the weights are constants of the step. `extra` is what a
        method asks for, such as `norms`, and is ignored by the others.
    """

    init: Callable[[], Any]
    update: Callable[..., tuple[Float[Array, " task"], Any]]


class Epochs(NamedTuple):
    """Mean losses of epochs, without storing steps."""

    step: Array  # steps taken
    total: Float[Array, " task"]  # sum over the running epoch
    last: Float[Array, " task"]  # mean of the last full epoch
    before: Float[Array, " task"]  # mean of the one before


def check_tasks(tasks: int) -> None:
    """Raises BadInput for fewer than 2 tasks."""
    check_whole(tasks=tasks, lower=2, hint="with one task there is nothing to weight")


def no_epochs(tasks: int) -> Epochs:
    """Before the first step."""
    zero = jnp.zeros(tasks)
    return Epochs(jnp.zeros((), int), zero, zero, zero)


def record(losses: Array, epochs: Epochs, steps_per_epoch: int) -> Epochs:
    """Add a step's losses; at the end of an epoch its mean becomes `last`."""
    step, total = epochs.step + 1, epochs.total + losses
    ends = step % steps_per_epoch == 0
    return Epochs(
        step,
        jnp.where(ends, 0, total),
        jnp.where(ends, total / steps_per_epoch, epochs.last),
        jnp.where(ends, epochs.last, epochs.before),
    )


def check_losses(losses: Any, tasks: int, *, positive: bool = False) -> None:
    """The losses' number, and for methods that take logarithms their sign where it is known; traced ones give NaN weights.

    Raises:
      BadInput: another number of losses, or one that is not above 0.
    """
    shape = jnp.shape(losses)
    if shape != (tasks,):
        raise BadInput(f"losses have shape {shape}, but the weighting was made for ({tasks},)")
    values = known(losses)
    if positive and values is not None and not (values > 0).all():
        t = int(np.argmin(values > 0))
        raise BadInput(
            f"the loss of task {t} is {values[t]:g}, but its logarithm needs a loss above 0; add a constant or use another weighting"
        )


def where_positive(losses: Array, weights: Array) -> Array:
    """The weights, NaN where a loss has no logarithm: the certificate of traced steps."""
    good: Bool[Array, ""] = jnp.all(losses > 0)
    return jnp.where(good, weights, jnp.nan)
