"""Exact dynamic programming on the tree of trajectories.

A table has the axes (o_1, a_1, o_2, ..., o_H). What a policy makes of it is the sum over observations with the actions it takes; the best
policy follows by repeating "sum over the last observation, maximum over the last action". With |P - Q| that is the max-policy total
variation, with P R the optimal value; both are exact, no policy is enumerated.

A policy is a tuple of H - 1 tables of chances `pi_h[o_1, a_1, ..., o_h, a_h]` (the last axis sums to 1), the argmaxes as ones.
"""

from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import DTypeLike
from jaxtyping import Array, Float

from mtrl.numerics.checks import check_shape, known
from mtrl.numerics.errors import BadInput
from mtrl.numerics.types import PRNGKey, Scalar

Table = Float[Array, "..."]
Policy = tuple[Float[Array, "..."], ...]


class Best(NamedTuple):
    """The best value on the tree, and a deterministic policy that has it."""

    value: Float[Array, ""]
    policy: Policy


def best(table: Table) -> Best:
    """`max_pi sum_tau pi(tau) table(tau)` and its policy; ties go to the first action."""
    value, policy = table.sum(-1), []
    while value.ndim:
        policy.append(jax.nn.one_hot(jnp.argmax(value, -1), value.shape[-1], dtype=table.dtype))
        value = jnp.max(value, -1).sum(-1)
    return Best(value, tuple(reversed(policy)))


def weights(policy: Policy, observations: int) -> Table:
    """`pi(tau)`: the product of the policy's chances along every trajectory, the shape of a table."""
    product = jnp.ones(())
    for chances in policy:
        product = product[..., None, None] * chances if product.ndim else chances
    return jnp.broadcast_to(product[..., None], (*product.shape, observations))


def policy_value(table: Table, policy: Policy) -> Float[Array, ""]:
    """`sum_tau pi(tau) table(tau)` of a given policy, by the same recursion."""
    value = table.sum(-1)
    for chances in reversed(policy):
        value = jnp.sum(value * chances, -1).sum(-1)
    return value


def uniform_policy(observations: int, actions: int, horizon: int, dtype: DTypeLike = float) -> Policy:
    """Every action with chance 1/A, whatever was seen."""
    shapes = [(observations, actions) * (h + 1) for h in range(horizon - 1)]
    return tuple(jnp.full(shape, 1 / actions, dtype) for shape in shapes)


def explore(policy: Policy, step: int) -> Policy:
    """`nu_h`: the policy for the first `step` actions, uniform ones from then on.

    The paper follows the policy before step h, then takes one uniform action, then a uniformly chosen core action sequence; with one-step
    core tests, which have no actions, this is that law, extended by uniform actions to the end of the episode.
    """
    return tuple(c if h < step else jnp.full_like(c, 1 / c.shape[-1]) for h, c in enumerate(policy))


def distance(p: Table, q: Table) -> Float[Array, ""]:
    """Max-policy total variation `TV*(P, Q) = 1/2 max_pi sum_tau pi(tau) |P(tau) - Q(tau)|`, in [0, 1]."""
    return best(jnp.abs(p - q)).value / 2


def divergence(p: Table, q: Table, policy: Policy) -> Float[Array, ""]:
    """Kullback-Leibler divergence [nat] of the laws of trajectories under a policy; infinite where q lacks what p has."""
    logs = jnp.where(p > 0, jnp.log(jnp.where(p > 0, p, 1)) - jnp.log(jnp.where(p > 0, q, 1)), 0)
    return policy_value(p * logs, policy)


def _powers(p: Table, q: Table, alpha: Scalar) -> Table:
    """`P^alpha Q^(1 - alpha)`, zero where P is; infinite where Q alone is."""
    inside = jnp.where(p > 0, p, 1)
    return jnp.where(p > 0, jnp.exp(alpha * jnp.log(inside) + (1 - alpha) * jnp.log(jnp.where(p > 0, q, 1))), 0)


def _check_alpha(alpha: Scalar) -> None:
    value = known(alpha)
    if value is not None and not (np.isfinite(value) and value > 1):
        raise BadInput(
            f"alpha got {value:g}, but Renyi divergences here need alpha above 1; at alpha = 1 use `divergence` (Kullback-Leibler)"
        )


def renyi(p: Table, q: Table, policy: Policy, *, alpha: Scalar = 2.0) -> Float[Array, ""]:
    """Renyi divergence `D_alpha = log(sum pi P^alpha Q^(1-alpha)) / (alpha - 1)` [nat] under a policy, alpha > 1."""
    _check_alpha(alpha)
    return jnp.log(policy_value(_powers(p, q, alpha), policy)) / (alpha - 1)


def worst_renyi(p: Table, q: Table, *, alpha: Scalar = 2.0) -> Float[Array, ""]:
    """`max_pi D_alpha(P^pi || Q^pi)`: for alpha > 1 the logarithm grows with the sum, so that the tree's maximum is exact.

    The downstream theory's realisability error eps_0 is the least of these over the class.
    """
    _check_alpha(alpha)
    return jnp.log(best(_powers(p, q, alpha)).value) / (alpha - 1)


def check_rewards(rewards: Table) -> None:
    """Check that rewards lie in [0, 1], without which no bound of value gaps by total variations holds.

    Raises:
      BadInput: one does not.
    """
    values = known(rewards)
    if values is not None and not np.all((values >= 0) & (values <= 1)):
        raise BadInput(
            f"rewards span {values.min():.4g} to {values.max():.4g}, but the bound by 2 TV* needs them in [0, 1]; shift and scale them"
        )


def value_gap(truth: Table, estimate: Table, rewards: Table) -> Float[Array, ""]:
    """Best true value minus the true value of the policy that is best under the estimate; at most 2 TV* for rewards in [0, 1].

    Raises:
      BadInput: rewards outside [0, 1].
    """
    check_rewards(rewards)
    greedy = best(estimate * rewards).policy
    return best(truth * rewards).value - policy_value(truth * rewards, greedy)


def reward_of_last(scores: Float[Array, " observation"], shape: Sequence[int]) -> Table:
    """A reward that depends on the last observation alone."""
    check_shape("scores", scores, (shape[-1],))
    return jnp.broadcast_to(scores, tuple(shape))


def history_matrix(table: Table, step: int) -> Float[Array, "history future"]:
    """`D_h`: rows are histories (o_1, a_1, .., o_h, a_h), columns futures; its rank is at most S for a POMDP.

    Raises:
      BadInput: a step outside 1 .. H - 1.
    """
    horizon = (table.ndim + 1) // 2
    if not 1 <= step < horizon:
        raise BadInput(f"step got {step}, but must lie from 1 to H - 1 = {horizon - 1}; both sides need an observation")
    rows = int(np.prod(table.shape[: 2 * step]))
    return table.reshape(rows, -1)


def draw(key: PRNGKey, law: Table, episodes: int) -> Table:
    """Counts of `episodes` independent trajectories from a law over the tree (a table times a policy's weights)."""
    steps = jnp.cumsum(law.ravel())
    which = draw_index(key, steps, (episodes,))
    return jnp.zeros(steps.shape, law.dtype).at[which].add(1).reshape(law.shape)


def draw_index(key: PRNGKey, steps: Float[Array, " entry"], shape: tuple[int, ...]) -> Array:
    """Flat indices of trajectories by the inverse of the cumulated law (whose rounding error it divides out)."""
    u = jax.random.uniform(key, shape, steps.dtype) * steps[-1]
    return jnp.minimum(jnp.searchsorted(steps, u, side="right"), steps.size - 1)
