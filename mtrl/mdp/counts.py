"""Tabular counts: sufficient statistics of every least-squares fit, whatever the features and the targets.

A fit of the targets `y = r + V(s')` on features phi needs, per pair (s, a), the number of visits n and the sum of y; both follow from
`N(s, a, s')` and the summed rewards, so that no replay buffer is kept and V may change every episode.
"""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from mtrl.mdp.episodes import Trajectory
from mtrl.mdp.problem import Sizes


class Counts(NamedTuple):
    """Everything seen so far."""

    transitions: Float[Array, "task stage state action next"]  # N(s, a, s')
    rewards: Float[Array, "task stage state action"]  # summed rewards


def no_counts(sizes: Sizes) -> Counts:
    """Before the first episode."""
    table = (sizes.tasks, sizes.stages, sizes.states, sizes.actions)
    return Counts(jnp.zeros((*table, sizes.states), sizes.dtype), jnp.zeros(table, sizes.dtype))


def add(counts: Counts, seen: Trajectory) -> Counts:
    """Count one trajectory per task."""
    tasks, stages = seen.states.shape
    index = (jnp.arange(tasks)[:, None], jnp.arange(stages), seen.states, seen.actions)
    return Counts(counts.transitions.at[*index, seen.arrivals].add(1.0), counts.rewards.at[*index].add(seen.rewards))
