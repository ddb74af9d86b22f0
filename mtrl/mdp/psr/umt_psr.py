"""UMT-PSR, the upstream algorithm, on a finite joint class: explore where survivors differ most, drop the unlikely, stop when all agree.

Per round, as Algorithm 1: (1) the policies pi^n that maximise the sum over tasks of TV between two members of the confidence set; (2) for
every task and step h one trajectory of `nu_h`; (3) the members within beta of the largest joint log-likelihood stay; (4) stop when the
sum of the largest distances is at most N eps / 2. What stays then is near-optimal for the tasks on average: the value gap of a greedy
policy is at most 2 TV* for rewards in [0, 1].

Baselines by argument: `sharing="separate"` (N single-task loops that stop together), `"pooled"` (one model for all tasks),
`planning="uniform"` (no planning) and `"product"` (the distance of the product law); `known_transition` is an oracle.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from mtrl.mdp.psr import finite, worlds
from mtrl.mdp.psr.tree import uniform_policy
from mtrl.numerics.algorithm import Algorithm, Round
from mtrl.numerics.checks import check_choice, check_positive
from mtrl.numerics.types import Scalar

SHARING = ("joint", "separate", "pooled")
PLANNING = ("additive", "product", "uniform")


class State(NamedTuple):
    """What was seen."""

    likelihoods: finite.Likelihoods
    stopped: Bool[Array, " task"]


class Info(NamedTuple):
    """What the learner says at the beginning of the round, before its data."""

    width: Float[Array, " task"]  # TV* of the furthest survivors, the mean over the team
    stopped: Bool[Array, " task"]
    kept: finite.Kept
    shared: Int[Array, " task"]  # maximum likelihood estimate j, of each team
    own: Int[Array, " task"]  # and l
    possible: Bool[Array, ""]  # no trajectory of the round contradicts every model


def umt_psr(
    *,
    beta: Scalar = 3.0,
    eps: Scalar = 0.1,
    sharing: str = "joint",
    planning: str = "additive",
    teams: Int[Array, " task"] | tuple[int, ...] | None = None,
) -> Algorithm:
    """The learner; an action is one policy per task, which the world explores with.

    Args:
      beta: margin of the confidence set, of the order `log(members / delta)`; see `theory.finite_margin`.
      eps: accuracy: a team stops at a mean width of eps / 2.
      sharing: what a team has in common: the transition law, nothing but the time at which it stops, or all.
      planning: what exploration maximises. "product" maximises and stops at eps / 2 with `1 - prod(1 - TV_n)`: as it is at least every
        TV_n, that is enough, but far more than the mean needs. "uniform" takes uniform actions and stops as "additive".
      teams: team of every task; None is one team of all.

    Raises:
      BadInput: beta or eps not above 0, or an unknown choice.
    """
    return _learner(beta, eps, sharing, planning, teams)


def known_transition(
    *, beta: Scalar = 3.0, eps: Scalar = 0.1, teams: Int[Array, " task"] | tuple[int, ...] | None = None
) -> Algorithm:
    """The oracle: UMT-PSR that reads the true transition law in the truth of every round; arguments as in `umt_psr`."""
    return _learner(beta, eps, "joint", "additive", teams, oracle=True)


def _learner(beta, eps, sharing, planning, teams, oracle=False) -> Algorithm:
    finite.check_margin(beta)
    check_positive(eps=eps, hint="the accuracy of the mean value gap, say 0.1")
    check_choice("sharing", sharing, SHARING)
    check_choice("planning", planning, PLANNING)

    def look(now) -> tuple[worlds.View, Bool[Array, "shared own"]]:
        if not isinstance(now, Round):
            return now, now.allowed
        shared = now.truth.world.shared
        known = jnp.arange(now.view.tables.shape[0], dtype=shared.dtype) == shared
        return now.view, now.view.allowed & known[:, None]

    def planned(state, now):
        seen, allowed = look(now)
        tasks = seen.rewards.shape[0]
        member = finite.membership(teams, tasks)
        alone = finite.membership(jnp.arange(tasks), tasks)
        joint = sharing == "joint"
        likelihoods = finite.over_team(member, state.likelihoods) if sharing == "pooled" else state.likelihoods
        kept = finite.project(likelihoods, beta, member=member if joint else alone, allowed=allowed)
        made = finite.plan(kept, seen.distances, member=member, common=joint, product=planning == "product")
        inside = jnp.where(allowed, likelihoods, -jnp.inf)
        best_own = inside.max(-1)
        shared = jnp.argmax(finite.over_team(member if joint else alone, best_own), axis=1)
        own = jnp.argmax(inside[jnp.arange(tasks), shared], axis=1)
        return kept, made, state.stopped | (made.score <= eps / 2), shared, own

    def init(key, view):
        shape = (view.rewards.shape[0], *view.tables.shape[:2])
        return State(jnp.zeros(shape, view.tables.dtype), jnp.zeros(shape[0], bool))

    def select(key, state, now):
        seen, _ = look(now)
        tasks, observations, actions = seen.rewards.shape[0], seen.rewards.shape[-1], _actions(seen.rewards)
        if planning == "uniform":
            policy = uniform_policy(observations, actions, seen.rewards.ndim // 2, seen.tables.dtype)
            return jax.tree.map(lambda x: jnp.broadcast_to(x, (tasks, *x.shape)), policy)
        return finite.separating_policies(seen.tables, planned(state, now)[1])

    def update(key, state, now, action, feedback):
        seen, _ = look(now)
        kept, made, stopped, shared, own = planned(state, now)
        member = finite.membership(teams, seen.rewards.shape[0])
        width = finite.over_team(member, made.width) / member.sum(1, dtype=made.width.dtype)
        more = finite.add(state.likelihoods, seen.tables, feedback)
        likelihoods = jnp.where(stopped[:, None, None], state.likelihoods, more)
        info = Info(width, stopped, kept, shared, own, finite.possible(seen.tables, feedback))
        return State(likelihoods, stopped), info

    return Algorithm(init, select, update, oracle=oracle)


def _actions(rewards) -> int:
    """A; without a choice (H = 1) one."""
    return rewards.shape[2] if rewards.ndim > 2 else 1
