"""Optimistic backward induction, the loop shared by all least-squares value iteration algorithms.

For h = H .. 1: targets `y = r + max_a Q_{h+1}(s', a)` summed over the visits of every pair; an algorithm turns them into an
index; the index is clipped to `[0, H - h + 1]` (the return that is left) and maximised.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from mtrl.mdp.counts import Counts


class Plan(NamedTuple):
    """Optimistic values and their greedy policy."""

    q: Float[Array, "task stage state action"]
    policy: Int[Array, "task stage state"]  # first maximiser
    extra: Any  # what the algorithm reports, leading axis stage


def backward_induction(
    counts: Counts,
    index: Callable[[Any, Float[Array, "task cell"], Float[Array, "task cell"]], Any],
    inputs: Any = None,
) -> Plan:
    """Plan with a stage rule.

    Args:
      counts: what has been seen.
      index: `index(inputs_h, visits, totals) -> (Q_h, extra_h)` on cells c = (s, a): visits (task, cell), summed targets (task,
        cell), Q_h (task, cell).
      inputs: pytree with a leading stage axis handed to `index`.
    """
    tasks, stages, states, actions = counts.rewards.shape
    dtype = counts.rewards.dtype

    def stage(value, given):
        transitions, rewards, left, inputs_h = given
        visits = jnp.sum(transitions, axis=-1).reshape(tasks, -1)
        totals = (rewards + jnp.einsum("msan,mn->msa", transitions, value)).reshape(tasks, -1)
        q, extra = index(inputs_h, visits, totals)
        q = jnp.clip(q.reshape(tasks, states, actions), 0.0, left)
        return jnp.max(q, axis=-1), (q, jnp.argmax(q, axis=-1).astype(jnp.int32), extra)

    left = jnp.arange(stages, 0, -1).astype(dtype)
    given = (jnp.moveaxis(counts.transitions, 1, 0), jnp.moveaxis(counts.rewards, 1, 0), left, inputs)
    _, (q, policy, extra) = jax.lax.scan(stage, jnp.zeros((tasks, states), dtype), given, reverse=True)
    return Plan(jnp.moveaxis(q, 0, 1), jnp.moveaxis(policy, 0, 1), extra)
