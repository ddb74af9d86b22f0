"""What tasks of a finite joint class are played on: models, the truth, policies answered by trajectories; see `finite` for the symbols."""

import functools
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from mtrl.mdp.psr.problem import POMDP, check_table, sample, trajectory_table
from mtrl.mdp.psr.tree import Policy, best, distance, explore, policy_value, weights
from mtrl.numerics.algorithm import Problem, Round
from mtrl.numerics.checks import check_whole
from mtrl.numerics.keys import split_named
from mtrl.numerics.types import PRNGKey, Scalar


class World(NamedTuple):
    """N tasks drawn from a finite class; the fields after `rewards` are what learners must find out."""

    tables: Float[Array, "shared own ..."]
    distances: Float[Array, "shared own shared own"]
    allowed: Bool[
        Array, "shared own"
    ]  # members of the class; all of them, unless it was restricted for a downstream task
    rewards: Float[Array, "task ..."]
    shared: Int[Array, ""]  # j*
    own: Int[Array, " task"]  # l*_n

    @property
    def laws(self) -> Float[Array, "task ..."]:
        """The true laws of the tasks' trajectories."""
        return self.tables[self.shared, self.own]


class View(NamedTuple):
    """What learners are told beforehand and in every round: class and rewards."""

    tables: Float[Array, "shared own ..."]
    distances: Float[Array, "shared own shared own"]
    allowed: Bool[Array, "shared own"]
    rewards: Float[Array, "task ..."]


class Truth(NamedTuple):
    """What answers a policy; learners never see it."""

    luck: Float[Array, "task step episode"]
    laws: Float[Array, "task ..."]
    world: World


class Outcome(NamedTuple):
    """What the world says of one policy per task, exactly."""

    regret: Float[Array, " task"]  # V* - V^pi
    optimum: Float[Array, " task"]


def class_tables(models: POMDP, *, horizon: int) -> Float[Array, "shared own ..."]:
    """Tables of all pairs of J transition laws (J, A, S, S) and L emission laws (L, O, S), with one initial law (S,)."""
    check_table(models.emissions.shape[-2], models.transitions.shape[-3], horizon)

    def one(transitions, emissions):
        return trajectory_table(POMDP(models.initial, transitions, emissions), horizon=horizon)

    own = jax.vmap(one, in_axes=(None, 0))
    return jax.vmap(own, in_axes=(0, None))(models.transitions, models.emissions)


def all_distances(tables: Float[Array, "shared own ..."]) -> Float[Array, "shared own shared own"]:
    """TV* of every pair of models, one row of models at a time."""
    flat = tables.reshape(-1, *tables.shape[2:])
    rows = jax.lax.map(lambda p: jax.vmap(lambda q: distance(p, q))(flat), flat)
    return rows.reshape(*tables.shape[:2], *tables.shape[:2])


def sample_world(
    key: PRNGKey,
    concentration: Scalar = 0.7,
    *,
    tasks: int,
    shared: int,
    own: int,
    states: int,
    actions: int,
    observations: int,
    horizon: int,
) -> World:
    """Dirichlet candidates, mu uniform, one true j for all tasks, a true l each, rewards uniform on [0, 1] per trajectory."""
    check_whole(tasks=tasks, hint="N = 1 is the single-task problem")
    check_whole(shared=shared, own=own)
    keys = split_named(key, "shared", "own", "rewards", "j", "l")

    def draw_model(key):
        return sample(key, states=states, actions=actions, observations=observations, concentration=concentration)

    transitions = jax.vmap(draw_model)(jax.random.split(keys["shared"], shared)).transitions
    emissions = jax.vmap(draw_model)(jax.random.split(keys["own"], own)).emissions
    initial = jnp.full(states, 1 / states, transitions.dtype)
    tables = class_tables(POMDP(initial, transitions, emissions), horizon=horizon)
    rewards = jax.random.uniform(keys["rewards"], (tasks, *tables.shape[2:]), tables.dtype)
    j = jax.random.randint(keys["j"], (), 0, shared)
    return World(
        tables,
        all_distances(tables),
        jnp.ones((shared, own), bool),
        rewards,
        j,
        jax.random.randint(keys["l"], (tasks,), 0, own),
    )


def view(params: World) -> View:
    """What a learner may know."""
    return View(params.tables, params.distances, params.allowed, params.rewards)


def draw(key: PRNGKey, params: World, t: Int[Array, ""] | int, *, episodes: int = 1) -> Round:
    """Luck of a round: `episodes` trajectories for every task and step of exploration."""
    del t
    shape = (params.rewards.shape[0], (params.rewards.ndim) // 2, episodes)
    return Round(view(params), Truth(jax.random.uniform(key, shape, params.tables.dtype), params.laws, params))


def answer(now: Round, policies: Policy) -> tuple[Int[Array, "task step episode"], Outcome]:
    """Trajectories of every `nu_h`, as flat positions in a table, and the exact regret of the policies themselves.

    Policies have a leading task axis. Positions are found by inverting the distribution function at the round's luck.
    """
    truth, observations = now.truth, now.truth.laws.shape[-1]

    def one(law, policy, luck):
        def at(step):
            steps = jnp.cumsum((law * weights(explore(policy, step), observations)).ravel())
            return jnp.minimum(jnp.searchsorted(steps, luck[step] * steps[-1], side="right"), steps.size - 1)

        return jnp.stack([at(step) for step in range(luck.shape[0])])

    seen = jax.vmap(one)(truth.laws, policies, truth.luck)
    values = truth.laws * truth.world.rewards
    optimum = jax.vmap(lambda table: best(table).value)(values)
    return seen, Outcome(optimum - jax.vmap(policy_value)(values, policies), optimum)


def given(key: PRNGKey, params: World) -> World:
    """The sampler of a world that is given: hand it to the driver as `inputs=(params,)`."""
    del key
    return params


def play_on(sampler=given, *, episodes: int = 1, **sizes: int) -> Problem:
    """What the driver plays on: `sampler(key, *inputs, **sizes)`, with `episodes` trajectories for every task and step of a round."""
    check_whole(episodes=episodes)
    return Problem(functools.partial(sampler, **sizes), functools.partial(draw, episodes=episodes), answer, view)
