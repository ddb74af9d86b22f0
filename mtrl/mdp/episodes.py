"""What one episode shows, and how a policy is answered.

An episode carries a next state and a reward for every (task, stage, state, action), so that all algorithms meet the same luck; `play` gives
an algorithm the trajectory of the policy it chose and nothing else.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from mtrl.mdp.problem import Known, Params, World, policy_value
from mtrl.numerics.keys import split_named
from mtrl.numerics.types import PRNGKey


class Episode(NamedTuple):
    """One episode of all tasks."""

    start: Int[Array, " task"]  # s_1
    arrivals: Int[Array, "task stage state action"]  # next state, drawn from P
    rewards: Float[Array, "task stage state action"]  # mean + noise
    known: Known
    world: World  # for the regret only


class Trajectory(NamedTuple):
    """The answer to one policy per task."""

    states: Int[Array, "task stage"]
    actions: Int[Array, "task stage"]
    rewards: Float[Array, "task stage"]
    arrivals: Int[Array, "task stage"]


class Info(NamedTuple):
    """What a step reports."""

    regret: Float[Array, " task"]  # V*_1(s_1) - V^pi_1(s_1), exact
    optimism: Float[Array, " task"]  # max_a Q_1(s_1, a) - V*_1(s_1): negative when the index is not optimistic
    survivors: Float[Array, "task stage"]  # representations in use


def arrive(transitions: Float[Array, "*#batch next"], luck: Float[Array, "*#batch"]) -> Int[Array, "*drawn"]:
    """Next states by inverting the distribution function at `luck`, uniform on [0, 1); leading axes broadcast."""
    cumulative = jnp.cumsum(transitions, axis=-1)
    # Scaled by the last entry, so that rounding of the sum never asks for a state beyond the last.
    return jnp.sum((luck * cumulative[..., -1])[..., None] >= cumulative[..., :-1], axis=-1).astype(jnp.int32)


def draw_episode(key: PRNGKey, params: Params, t: Int[Array, ""] | int) -> Episode:
    """Uniform start states; next states by inverting the distribution function; Gaussian reward noise."""
    del t
    keys = split_named(key, "start", "arrivals", "noise")
    tasks, _, states = params.world.optimum.shape
    start = jax.random.randint(keys["start"], (tasks,), 0, states, jnp.int32)
    means = params.world.rewards
    arrivals = arrive(params.world.transitions, jax.random.uniform(keys["arrivals"], means.shape, means.dtype))
    rewards = means + params.noise * jax.random.normal(keys["noise"], means.shape, means.dtype)
    return Episode(start, arrivals, rewards, params.known, params.world)


def play(data: Episode, policy: Int[Array, "task stage state"]) -> Trajectory:
    """Follow a deterministic policy."""
    task = jnp.arange(policy.shape[0])

    def stage(state, tables):
        actions, rewards, arrivals = tables
        action = actions[task, state]
        following = arrivals[task, state, action]
        return following, (state, action, rewards[task, state, action], following)

    tables = jax.tree.map(lambda x: jnp.moveaxis(x, 1, 0), (policy, data.rewards, data.arrivals))
    _, visited = jax.lax.scan(stage, data.start, tables)
    return Trajectory(*(jnp.moveaxis(x, 0, 1) for x in visited))


def report(
    data: Episode,
    policy: Int[Array, "task stage state"],
    promise: Float[Array, "task state"],
    survivors: Float[Array, "task stage"],
) -> Info:
    """Exact regret of the policy, and how optimistic the index `promise` (value of stage 1) was."""
    task = jnp.arange(policy.shape[0])
    best = data.world.optimum[task, 0, data.start]
    value = policy_value(data.world, policy)[task, 0, data.start]
    return Info(best - value, promise[task, data.start] - best, survivors)
