"""The states of a deterministic descent at chosen steps, and the branching of a first task into a second one."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Int

from mtrl.numerics.algorithm import Iteration
from mtrl.numerics.checks import check_ascending


def itself(state: Any) -> Any:
    """The default of `record=`: the whole state."""
    return state


def trajectory(
    algorithm: Iteration, state: Any, data: Any, at: Int[Array, " record"], *, record: Callable[[Any], Any] = itself
) -> tuple[Any, Any]:
    """Follow a descent that draws nothing, and keep `record(state)` at the given steps only.

    Args:
      algorithm: an `Iteration` whose `step` needs no key.
      state: at step 0.
      data: handed to every step.
      at: ascending step counts; a value may repeat (nothing happens between). May be traced: other steps do not compile again.
      record: state -> pytree.

    Returns:
      (state after the last step, records with a leading axis).

    Raises:
      BadInput: the steps are not ascending, or one is negative.
    """
    check_ascending(at=at)
    at = jnp.asarray(at)

    def segment(carry: tuple, stop: Any) -> tuple:
        state, begin = carry
        state = jax.lax.fori_loop(begin, stop, lambda _, now: algorithm.step(None, now, data)[0], state)
        return (state, stop), record(state)

    (state, _), records = jax.lax.scan(segment, (state, jnp.zeros_like(at[0])), at)
    return state, records


def switched(
    algorithm: Iteration,
    state: Any,
    first: Any,
    second: Any,
    *,
    switches: Int[Array, " switch"],
    at: Int[Array, " record"],
    before: int = 1,
    record: Callable[[Any], Any] = itself,
) -> tuple[Any, Any]:
    """Train on a first task for T_c steps, then on a second one, for every T_c from the same start.

    The first task is followed once, to the largest T_c: its path leads through all smaller ones. The second tasks branch off there and are
    one batch.

    Args:
      algorithm: as in `trajectory`.
      state: at step 0.
      first, second: data of the two tasks.
      switches: T_c, ascending, in steps.
      at: steps after the switch at which the second task is recorded, ascending.
      before: records of the first task on the way to each T_c, evenly spaced, the last one at T_c.
      record: state -> pytree.

    Returns:
      (records of the first task (switch, before, ...), records of the second one (switch, record, ...)).

    Raises:
      BadInput: switches or steps are not ascending, or one is negative.
    """
    check_ascending(switches=switches, at=at)
    switches = jnp.asarray(switches)

    def on(carry: tuple, stop: Any) -> tuple:
        state, begin = carry
        inside = (stop - begin) * jnp.arange(1, before + 1, dtype=switches.dtype) // before
        state, records = trajectory(algorithm, state, first, inside, record=record)
        return (state, stop), (state, records)

    _, (starts, on_first) = jax.lax.scan(on, (state, jnp.zeros_like(switches[0])), switches)
    on_second = jax.vmap(lambda start: trajectory(algorithm, start, second, at, record=record)[1])(starts)
    return on_first, on_second
