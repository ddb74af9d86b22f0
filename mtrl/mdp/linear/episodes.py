"""What one episode shows, how a policy is answered, and what is told of the answer.

An episode carries a next state and a reward for every (task, stage, state, action), so that all algorithms meet the same luck. An action is
a table, the policy (task, stage, state) of a whole episode; the feedback is the `Trajectory` of that policy and nothing else.
"""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from mtrl.mdp.linear.problem import LinearMDP, policy_value, view
from mtrl.numerics.algorithm import Problem, Round, Step
from mtrl.numerics.keys import split_named
from mtrl.numerics.types import PRNGKey


class Truth(NamedTuple):
    """What decides the answer to a policy and its regret; learners never see it."""

    arrivals: Int[Array, "task stage state action"]  # next state, drawn from P
    rewards: Float[Array, "task stage state action"]  # mean + noise
    params: LinearMDP


class Trajectory(NamedTuple):
    """The answer to one policy per task."""

    states: Int[Array, "task stage"]
    actions: Int[Array, "task stage"]
    rewards: Float[Array, "task stage"]
    arrivals: Int[Array, "task stage"]


class Info(NamedTuple):
    """What a learner says of itself."""

    promise: Float[Array, " task"]  # its own value of the episode, max_a Q_1(s_1, a)
    survivors: Float[Array, "task stage"]  # representations in use


class Outcome(NamedTuple):
    """What the world says of a policy, exactly."""

    regret: Float[Array, " task"]  # V*_1(s_1) - V^pi_1(s_1)
    optimum: Float[Array, " task"]  # V*_1(s_1)


class Record(NamedTuple):
    """One episode, learner and world together."""

    regret: Float[Array, " task"]
    optimism: Float[Array, " task"]  # promise - V*_1(s_1): negative when the index is not optimistic
    survivors: Float[Array, "task stage"]


def arrive(transitions: Float[Array, "*#batch next"], luck: Float[Array, "*#batch"]) -> Int[Array, "*drawn"]:
    """Next states by inverting the distribution function at `luck`, uniform on [0, 1); leading axes broadcast."""
    cumulative = jnp.cumsum(transitions, axis=-1)
    # Scaled by the last entry, so that rounding of the sum never asks for a state beyond the last.
    return jnp.sum((luck * cumulative[..., -1])[..., None] >= cumulative[..., :-1], axis=-1).astype(jnp.int32)


def draw(key: PRNGKey, params: LinearMDP, t: Int[Array, ""] | int) -> Round:
    """Uniform start states; next states by inverting the distribution function; Gaussian reward noise."""
    del t
    keys = split_named(key, "start", "arrivals", "noise")
    means = params.rewards
    tasks, _, states, _ = means.shape
    start = jax.random.randint(keys["start"], (tasks,), 0, states, jnp.int32)
    arrivals = arrive(params.transitions, jax.random.uniform(keys["arrivals"], means.shape, means.dtype))
    rewards = means + params.noise * jax.random.normal(keys["noise"], means.shape, means.dtype)
    return Round(view(params)._replace(start=start), Truth(arrivals, rewards, params))


def follow(now: Round, policy: Int[Array, "task stage state"]) -> Trajectory:
    """The trajectory of a deterministic policy."""
    task = jnp.arange(policy.shape[0])

    def stage(state, tables):
        actions, rewards, arrivals = tables
        action = actions[task, state]
        following = arrivals[task, state, action]
        return following, (state, action, rewards[task, state, action], following)

    tables = jax.tree.map(lambda x: jnp.moveaxis(x, 1, 0), (policy, now.truth.rewards, now.truth.arrivals))
    _, visited = jax.lax.scan(stage, now.view.start, tables)
    return Trajectory(*(jnp.moveaxis(x, 0, 1) for x in visited))


def answer(now: Round, policy: Int[Array, "task stage state"]) -> tuple[Trajectory, Outcome]:
    """The trajectory, and the exact regret of the policy."""
    params, task = now.truth.params, jnp.arange(policy.shape[0])
    best = params.optimum[task, 0, now.view.start]
    value = policy_value(params.transitions, params.rewards, policy)[task, 0, now.view.start]
    return follow(now, policy), Outcome(best - value, best)


def record(step: Step) -> Record:
    """Regret, optimism and survivors of an episode, per task: for `record=` of the driver."""
    optimum = step.outcome.optimum
    return Record(step.outcome.regret, step.info.promise - optimum, step.info.survivors)


def given(key: PRNGKey, params: LinearMDP) -> LinearMDP:
    """The sampler of a problem that is given: hand the problem to the driver as `inputs=(params,)`."""
    del key
    return params


def episodic(sampler: Callable[..., LinearMDP] = given, **sizes: Any) -> Problem:
    """What the driver plays on: `sampler(key, *inputs, **sizes)` with its episodes."""
    return Problem(functools.partial(sampler, **sizes), draw, answer, view)
