"""Optimistic backward induction on counts, the loop shared by all least-squares value iteration algorithms.

A fit of the targets `y = r + V(s')` on features phi needs, per pair (s, a), the number of visits n and the sum of y; both follow from
`N(s, a, s')` and the summed rewards, so that no replay buffer is kept and V may change every episode.

For h = H .. 1: targets `y = r + max_a Q_{h+1}(s', a)` summed over the visits of every pair; an algorithm turns them into an
index; the index is clipped to `[0, H - h + 1]` (the return that is left) and maximised.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from mtrl.mdp.linear.episodes import Info, Trajectory
from mtrl.mdp.linear.problem import View
from mtrl.numerics.algorithm import Algorithm
from mtrl.numerics.types import PRNGKey


class Counts(NamedTuple):
    """Everything seen so far."""

    transitions: Float[Array, "task stage state action next"]  # N(s, a, s')
    rewards: Float[Array, "task stage state action"]  # summed rewards


class Plan(NamedTuple):
    """Optimistic values and their greedy policy."""

    q: Float[Array, "task stage state action"]
    policy: Int[Array, "task stage state"]  # first maximiser
    survivors: Float[Array, "stage task"]  # representations in use
    memory: Any = ()  # what the next plan starts from (subspaces, networks), leading axis stage


class State(NamedTuple):
    """What has been seen, and the plan of the next episode made from it."""

    counts: Counts
    plan: Plan
    episode: Int[Array, ""]  # episodes played


def no_counts(view: View) -> Counts:
    """Before the first episode."""
    _, states, actions, _ = view.candidates.shape
    table = (view.start.shape[0], view.returns.shape[0], states, actions)
    return Counts(jnp.zeros((*table, states), view.returns.dtype), jnp.zeros(table, view.returns.dtype))


def add(counts: Counts, seen: Trajectory) -> Counts:
    """Count one trajectory per task."""
    tasks, stages = seen.states.shape
    index = (jnp.arange(tasks)[:, None], jnp.arange(stages), seen.states, seen.actions)
    return Counts(counts.transitions.at[*index, seen.arrivals].add(1.0), counts.rewards.at[*index].add(seen.rewards))


def promise(q: Float[Array, "task stage state action"], start: Int[Array, " task"]) -> Float[Array, " task"]:
    """The value `max_a Q_1(s_1, a)` of the episodes that begin at `start`."""
    return jnp.max(q[jnp.arange(q.shape[0]), 0, start], axis=-1)


def backward_induction(
    counts: Counts,
    returns: Float[Array, " stage"],
    index: Callable[[Any, Float[Array, "task cell"], Float[Array, "task cell"]], Any],
    inputs: Any = None,
) -> Plan:
    """Plan with a stage rule.

    Args:
      counts: what has been seen.
      returns: the largest return from each stage on.
      index: `index(inputs_h, visits, totals) -> (Q_h, survivors_h, memory_h)` on cells c = (s, a): visits (task, cell), summed targets
        (task, cell), Q_h (task, cell).
      inputs: pytree with a leading stage axis handed to `index`.
    """
    tasks, _, states, actions = counts.rewards.shape

    def stage(value, now):
        transitions, rewards, left, inputs_h = now
        visits = jnp.sum(transitions, axis=-1).reshape(tasks, -1)
        totals = (rewards + jnp.einsum("msan,mn->msa", transitions, value)).reshape(tasks, -1)
        q, survivors, memory = index(inputs_h, visits, totals)
        q = jnp.clip(q.reshape(tasks, states, actions), 0.0, left)
        return jnp.max(q, axis=-1), (q, jnp.argmax(q, axis=-1).astype(jnp.int32), survivors, memory)

    stages = (jnp.moveaxis(counts.transitions, 1, 0), jnp.moveaxis(counts.rewards, 1, 0), returns, inputs)
    nothing = jnp.zeros((tasks, states), counts.rewards.dtype)
    _, (q, policy, survivors, memory) = jax.lax.scan(stage, nothing, stages, reverse=True)
    return Plan(jnp.moveaxis(q, 0, 1), jnp.moveaxis(policy, 0, 1), survivors, memory)


def value_iteration(
    plan: Callable[[Counts, View, Any, Int[Array, ""] | None], Plan],
    begin: Callable[[PRNGKey, View], Any] = lambda key, view: (),
) -> Algorithm:
    """The algorithm that plans between episodes, plays its plan and counts what it sees.

    Args:
      plan: `plan(counts, view, memory, episode)`, with the memory of the last plan and the number of episodes seen (None: the first plan).
      begin: `begin(key, view)`, the memory of the first plan.
    """

    def init(key, view):
        counts = no_counts(view)
        return State(counts, plan(counts, view, begin(key, view), None), jnp.zeros((), jnp.int32))

    def select(key, state, view):
        return state.plan.policy

    def update(key, state, view, action, feedback):
        counts, seen = add(state.counts, feedback), state.episode + 1
        info = Info(promise(state.plan.q, view.start), state.plan.survivors.T)
        return State(counts, plan(counts, view, state.plan.memory, seen), seen), info

    return Algorithm(init, select, update)
