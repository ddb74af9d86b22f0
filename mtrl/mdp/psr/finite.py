"""A finite joint class, exactly: J transition laws shared by the tasks times L emission laws of each task's own.

| symbol | name | shape | meaning |
| --- | --- | --- | --- |
| P | tables | (J, L, O, A, .., O) | laws of the trajectories of all models |
| TV* | distances | (J, L, J, L) | max-policy total variation of every pair |
| ll | likelihoods | (N, J, L) | running log-likelihood of the data of task n under model (j, l) |
| beta | beta | 1 | margin of the confidence set |
| B | `project` | (N, J, L) | which (j, l_n) still occur in the confidence set |

The joint class has J L^N members with one common j; the set `{ sum_n ll[n, j, l_n] >= max - beta }` is never listed: its projection on
(j, l_n) is exact (`project`). Tasks come in teams that share; one team of all is the paper's algorithm, teams of one learn alone.

The pairwise planning step relaxes the paper's: it maximises over pairs (j, j') the sum over tasks of the largest distance among surviving
(l, l'), which ignores that tasks share the slack beta. Widths are over-estimated: learning can only stop later, never earlier.
The paper intersects the confidence sets of all rounds; here the newest stands alone, as projections of an intersection are not exact.

Paper: Huang et al., ICLR 2024, arXiv 2310.13550; the instantiation and its constants are this project's own.
"""

import functools
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from mtrl.mdp.psr.problem import POMDP, check_table, sample, trajectory_table
from mtrl.mdp.psr.tree import Policy, best, distance, explore, policy_value, weights
from mtrl.numerics.algorithm import Problem, Round
from mtrl.numerics.checks import check_positive, check_shape, check_whole, known
from mtrl.numerics.errors import BadInput
from mtrl.numerics.keys import split_named
from mtrl.numerics.types import PRNGKey, Scalar

Likelihoods = Float[Array, "task shared own"]
Kept = Bool[Array, "task shared own"]


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


def membership(teams: Int[Array, " task"] | tuple[int, ...] | None, tasks: int) -> Bool[Array, "task task"]:
    """Who learns with whom, from the team of every task; None is one team of all.

    Raises:
      BadInput: another number of teams than of tasks.
    """
    teams = jnp.zeros(tasks, jnp.int32) if teams is None else jnp.asarray(teams)
    check_shape("teams", teams, (tasks,), hint="one team per task")
    return teams[:, None] == teams


def over_team(member: Bool[Array, "task task"], array: Float[Array, "task ..."]) -> Float[Array, "task ..."]:
    """Sum over the members of each task's team; an infinity stays in its team."""
    mask = member.reshape(*member.shape, *(1,) * (array.ndim - 1))
    return jnp.sum(jnp.where(mask, array[None], 0), axis=1)


def add(
    likelihoods: Likelihoods, tables: Float[Array, "shared own ..."], seen: Int[Array, "task step episode"]
) -> Likelihoods:
    """Log-likelihoods after more trajectories; probabilities are floored at the smallest normal number, in this table alone."""
    flat = tables.reshape(*tables.shape[:2], -1)
    logs = jnp.log(jnp.maximum(flat, jnp.finfo(flat.dtype).tiny))
    return likelihoods + jnp.moveaxis(jnp.sum(logs[..., seen], axis=(-1, -2)), -1, 0)


def possible(tables: Float[Array, "shared own ..."], seen: Int[Array, "task step episode"]) -> Bool[Array, ""]:
    """Whether every trajectory seen has a positive probability under some model: if not, the class misses the truth."""
    flat = tables.reshape(tables.shape[0] * tables.shape[1], -1)
    return jnp.all(jnp.any(flat[:, seen] > 0, axis=0))


def check_possible(holds: Bool[Array, "..."]) -> None:
    """Check the flags of a run.

    Raises:
      BadInput: a trajectory was seen that no model allows.
    """
    flags = known(holds)
    if flags is not None and not flags.all():
        raise BadInput(
            "a trajectory was seen that has likelihood 0 under every model, but the class must contain the truth (realisability); add "
            "models or smooth their columns"
        )


def project(
    likelihoods: Likelihoods,
    beta: Scalar,
    *,
    member: Bool[Array, "task task"],
    allowed: Bool[Array, "shared own"],
) -> Kept:
    """The exact projection of every team's joint confidence set on (j, l_n).

    (n, j, l) stays iff some member of the joint class with this j and l_n = l has a log-likelihood within beta of the best; the best other
    emissions are their own maxima, so no member is listed:
    `ll[n,j,l] - max_l' ll[n,j,l'] + sum_n' max_l' ll[n',j,l'] >= max_j(sum) - beta`.
    """
    inside = jnp.where(allowed, likelihoods, -jnp.inf)
    own = inside.max(-1)
    slack = inside - jnp.where(jnp.isneginf(own), 0, own)[..., None]
    total = over_team(member, own)
    return (slack + total[..., None] >= (total.max(-1) - beta)[:, None, None]) & allowed


def pairwise(
    kept: Kept, distances: Float[Array, "shared own shared own"]
) -> Float[Array, "task shared own shared own"]:
    """Distances of surviving pairs, 0 for the others."""
    both = kept[:, :, :, None, None] & kept[:, None, None]
    return jnp.where(both, distances, 0)


class Plan(NamedTuple):
    """The pairs that are furthest apart, and how far."""

    first: Int[Array, "task 2"]  # (j, l)
    second: Int[Array, "task 2"]  # (j', l')
    width: Float[Array, " task"]  # TV* of the task's pair
    score: Float[Array, " task"]  # what its team maximised, over the size of the team where it is a sum


def plan(
    kept: Kept,
    distances: Float[Array, "shared own shared own"],
    *,
    member: Bool[Array, "task task"],
    common: bool = True,
    product: bool = False,
) -> Plan:
    """The pairs of models that a team's exploration should tell apart.

    Args:
      kept, distances: surviving models and TV* of all.
      member: teams.
      common: members of a team have one j and one j' in common.
      product: maximise `1 - prod_n (1 - TV_n)`, the bound of the total variation of the product law, which saturates at 1; otherwise the
        sum of the paper.
    """
    pairs = pairwise(kept, distances)
    tasks, shared, own = kept.shape
    widths = pairs.max((2, 4))
    team = widths if not common else over_team(member, widths)
    if product and common:
        team = -over_team(member, jnp.log1p(-jnp.minimum(widths, 1 - jnp.finfo(widths.dtype).eps)))
    top = jnp.argmax(team.reshape(tasks, -1), axis=1)
    j, k = top // shared, top % shared
    rows = jnp.arange(tasks)
    inner = pairs[rows, j, :, k].reshape(tasks, -1)
    one, other = jnp.divmod(jnp.argmax(inner, axis=1), own)
    width = jnp.where(kept.any((1, 2)), inner.max(1), jnp.nan)  # an empty set holds no answer
    total = over_team(member, width)
    score = total / member.sum(1, dtype=width.dtype)
    if product:
        score = 1 - jnp.exp(over_team(member, jnp.log1p(-jnp.minimum(width, 1 - jnp.finfo(width.dtype).eps))))
    return Plan(jnp.stack([j, one], 1), jnp.stack([k, other], 1), width, score)


def separating_policies(tables: Float[Array, "shared own ..."], plan: Plan) -> Policy:
    """The policies under which each task's pair is furthest apart."""

    def one(first, second):
        return best(jnp.abs(tables[first[0], first[1]] - tables[second[0], second[1]])).policy

    return jax.vmap(one)(plan.first, plan.second)


def check_margin(beta: Scalar) -> None:
    """Check the margin of a confidence set.

    Raises:
      BadInput: it is not positive.
    """
    check_positive(
        beta=beta, hint="the margin is of the order log(members of the class / delta): see `theory.finite_margin`"
    )
