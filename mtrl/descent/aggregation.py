"""From weights of task gradients to an optax gradient transformation."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float

from mtrl.descent.gramian import Diagnostics, accumulator, check_gradients, combine, diagnose, gramian
from mtrl.numerics.checks import check_whole, known
from mtrl.numerics.errors import BadInput


class AggregatorState(NamedTuple):
    """State of an aggregator.

    Attributes:
      carry: what the method keeps from step to step, a pytree.
      key: its random numbers, `()` for a method without.
      diagnostics: of the last step; weights and numbers are 0 before the first.
    """

    carry: Any
    key: Any
    diagnostics: Diagnostics


def check_tasks(tasks: int) -> None:
    """A conflict needs two.

    Raises:
      BadInput: fewer than 2 tasks.
    """
    check_whole(tasks=tasks, lower=2, hint="with one task there is nothing to aggregate")


def check_preference(preference: Any, tasks: int) -> Float[Array, " task"]:
    """The preference `w` on the simplex, equal weights for None.

    Raises:
      BadInput: another number of entries, one below 0, or a sum that is not 1.
    """
    if preference is None:
        return jnp.full(tasks, 1 / tasks, accumulator())
    weights = jnp.asarray(preference, accumulator())
    if weights.shape != (tasks,):
        raise BadInput(f"preference has shape {weights.shape}, but must have one entry a task, ({tasks},)")
    values = known(weights)
    if values is not None and ((values < 0).any() or not np.isclose(values.sum(), 1, atol=1e-6)):
        raise BadInput(f"preference got {values.tolist()}, but must be non-negative and sum to 1; divide it by its sum")
    return weights


def from_gramian(
    weigh: Callable[..., tuple[Array, Any]],
    *,
    tasks: int,
    carry: Any = (),
    key: Any = (),
    largest_norm: Any = None,
    by_loss: bool = False,
) -> optax.GradientTransformationExtraArgs:
    """An aggregator whose direction is `d = alpha(M)' J`.

    Args:
      weigh: `weigh(gram, carry, key) -> (alpha (task,), carry)` on a Gramian scaled to largest diagonal entry 1; its alpha must not
        depend on that scale, or correct for it by `gram`'s factor, which is handed as keyword `scale`.
      tasks: T.
      carry: what `weigh` keeps, at the start.
      key: random key for methods that draw.
      largest_norm: the direction is shortened to this norm; None for no limit.
      by_loss: whether `weigh` also gets `losses` (task,), which `update(..., losses=)` must then be given.

    Returns:
      optax transformation: `update` takes gradients with a leading task axis and returns the direction without it. Gradients that are
      all zero, or not finite, give a zero direction; `state.diagnostics` says which.
    """
    check_tasks(tasks)
    draws = not isinstance(key, tuple)

    def init(params):
        del params
        nothing = diagnose(jnp.zeros((tasks, tasks), accumulator()), jnp.zeros(tasks, accumulator()))
        return AggregatorState(carry, key, nothing)

    def update(updates, state, params=None, **extra):
        del params
        if by_loss and extra.get("losses") is None:
            raise BadInput("this aggregator got no losses; give update(..., losses=) one loss a task")
        told = {"losses": jnp.asarray(extra["losses"], accumulator())} if by_loss else {}
        check_gradients(updates)
        gram = gramian(updates)
        if gram.shape[0] != tasks:
            raise BadInput(f"the gradients have {gram.shape[0]} tasks, but the aggregator was made for {tasks}")
        largest = jnp.max(jnp.diagonal(gram))
        usable = jnp.isfinite(gram).all() & (largest > 0)
        scale = jnp.where(usable, largest, 1)
        scaled = jnp.where(usable, gram / scale, jnp.eye(tasks, dtype=gram.dtype))
        now, later = jax.random.split(state.key) if draws else ((), ())
        weights, new = weigh(scaled, state.carry, now, scale=scale, **told)
        weights = jnp.where(usable, weights, 0)
        if largest_norm is not None:
            length = jnp.sqrt(jnp.maximum(weights @ jnp.where(usable, gram, 0) @ weights, 0))
            weights = weights * jnp.minimum(1, largest_norm / jnp.where(length > 0, length, 1))
        kept = jax.tree.map(lambda a, b: jnp.where(usable, a, b), new, state.carry)
        direction = jax.tree.map(lambda leaf: jnp.where(usable, leaf, 0), combine(updates, weights))
        return direction, AggregatorState(kept, later, diagnose(gram, weights))

    return optax.GradientTransformationExtraArgs(init, update)
