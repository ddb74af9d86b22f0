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

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from mtrl.mdp.psr.tree import Policy, best
from mtrl.numerics.checks import check_positive, check_shape, known
from mtrl.numerics.errors import BadInput
from mtrl.numerics.types import Scalar

Likelihoods = Float[Array, "task shared own"]
Kept = Bool[Array, "task shared own"]


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
