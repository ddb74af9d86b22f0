"""The one training loop: `descend` scans updates over batches, `train_epoch` wraps it in early stopping, `train` scans the epochs.

All take a state and give one back, a pytree of fixed shapes: a run cut in two (`train(keys[:5], state, data, ...)`, then `keys[5:]`) equals
the whole, so a long one can be stored and taken up again. After stopping the remaining epochs leave the state as it is.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Bool, Float, Int, Key

from mtrl.nn.samplers import Sampler
from mtrl.numerics.types import PRNGKey

Loss = Callable[[Any, Any], Any]  # (params, batch) -> scalar
Slope = Callable[[Callable[[Any], Any], Any], tuple[Any, Any]]  # (params -> scalar, params) -> (value, gradient)


class Descent(NamedTuple):
    """Weights and what the optimiser remembers."""

    params: Any
    memory: Any


class Updates(NamedTuple):
    """What every update reports."""

    loss: Float[Array, " update"]  # before the update
    slope: Float[Array, " update"]  # norm of the gradient


def start(params: Any, optimiser: optax.GradientTransformation) -> Descent:
    """The descent's state at given weights."""
    return Descent(params, optimiser.init(params))


def plain_slope(loss: Callable[[Any], Any], params: Any) -> tuple[Any, Any]:
    """`jax.value_and_grad`, the default."""
    return jax.value_and_grad(loss)(params)


def descend(
    state: Descent,
    batches: Any,
    *,
    loss: Loss,
    optimiser: optax.GradientTransformation,
    slope: Slope = plain_slope,
) -> tuple[Descent, Updates]:
    """One update per entry of `batches`.

    Args:
      state: from `start`, or from an earlier call (a warm start).
      batches: pytree with a leading update axis, from a sampler.
      loss: (params, batch) -> scalar; ascend by its negative.
      optimiser: Optax.
      slope: (params -> scalar, params) -> (value, gradient), where it is not the plain gradient (sharpness-aware steps, say).
    """

    def update(state, batch):
        value, gradient = slope(lambda params: loss(params, batch), state.params)
        change, memory = optimiser.update(gradient, state.memory, state.params)
        return Descent(optax.apply_updates(state.params, change), memory), Updates(value, optax.tree.norm(gradient))

    return jax.lax.scan(update, state, batches)


class Training(NamedTuple):
    """State of a training with early stopping."""

    now: Descent
    best: Any  # weights of the best epoch so far
    best_loss: Float[Array, ""]  # their validation loss; infinite before the first finite one
    waited: Int[Array, ""]  # epochs since then
    stopped: Bool[Array, ""]


class Epoch(NamedTuple):
    """What every epoch reports; after stopping the validation loss repeats the best one."""

    loss: Float[Array, " epoch"]  # mean over the updates; NaN when not running
    validation: Float[Array, " epoch"]
    running: Bool[Array, " epoch"]  # this epoch trained
    finite: Bool[Array, " epoch"]  # its validation loss is finite


def train_init(params: Any, optimiser: optax.GradientTransformation) -> Training:
    """The training's state at given weights; nothing is best yet."""
    infinite = jnp.asarray(jnp.inf, jax.tree.leaves(params)[0].dtype)
    return Training(start(params, optimiser), params, infinite, jnp.asarray(0, jnp.int32), jnp.asarray(False))


def train_epoch(
    key: PRNGKey,
    state: Training,
    *,
    sample: Sampler,
    loss: Loss,
    validate: Callable[[Any], Any],
    optimiser: optax.GradientTransformation,
    patience: int,
    slope: Slope = plain_slope,
) -> tuple[Training, Any]:
    """One epoch: descend, validate, keep the best weights, stop after `patience` epochs without a better validation loss.

    Args:
      key: given to `sample`.
      state: from `train_init` or an earlier epoch.
      sample: the epoch's batches from its key.
      loss, optimiser, slope: see `descend`.
      validate: params -> scalar. NaN is never better.
      patience: epochs, at least 1.
    """
    now, updates = descend(state.now, sample(key), loss=loss, optimiser=optimiser, slope=slope)
    error = validate(now.params)
    better, running = error < state.best_loss, ~state.stopped
    waited = jnp.where(better, 0, state.waited + 1)
    best_loss = jnp.where(better, error, state.best_loss)
    new = Training(now, _where(better, now.params, state.best), best_loss, waited, waited >= patience)
    report = Epoch(
        jnp.where(running, updates.loss.mean(), jnp.nan),
        jnp.where(running, error, state.best_loss),
        running,
        jnp.isfinite(error),
    )
    return _where(running, new, state), report


def train(
    keys: Key[Array, " epoch"], state: Any, data: Any, *, step: Callable[[PRNGKey, Any, Any], tuple[Any, Any]]
) -> tuple[Any, Any]:
    """One `step(key, state, data)` for every key; the reports get an epoch axis."""
    return jax.lax.scan(lambda state, key: step(key, state, data), state, keys)


def _where(condition: Bool[Array, ""], yes: Any, no: Any) -> Any:
    return jax.tree.map(lambda a, b: jnp.where(condition, a, b), yes, no)
