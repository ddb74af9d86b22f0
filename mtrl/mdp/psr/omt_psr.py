"""OMT-PSR, the downstream algorithm: optimistic maximum likelihood on the class that the upstream estimate leaves to the target.

Per round: the member of the confidence set and the policy with the largest value; a trajectory of `nu_h` of that policy for every step; the
members within beta_0 of the largest log-likelihood stay. The answer is the mixture of the policies played. The class is the view's
`allowed`: all models whose transition law is the upstream estimate, say (`restricted`), against all of them for learning from scratch.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from mtrl.mdp.psr import finite, worlds
from mtrl.mdp.psr.tree import best
from mtrl.numerics.algorithm import Algorithm
from mtrl.numerics.types import Scalar


class State(NamedTuple):
    """What was seen, and the optimal value of every model."""

    likelihoods: finite.Likelihoods
    values: Float[Array, "task shared own"]


class Info(NamedTuple):
    """What the learner says at the beginning of the round."""

    promise: Float[Array, " task"]  # optimistic value
    kept: finite.Kept
    possible: Bool[Array, ""]


def restricted(world: worlds.World, shared: Int[Array, ""] | int) -> worlds.World:
    """The downstream class: models with the transition law `shared` alone."""
    only = jnp.arange(world.tables.shape[0]) == shared
    return world._replace(allowed=world.allowed & only[:, None])


def omt_psr(*, beta: Scalar = 3.0) -> Algorithm:
    """The learner; tasks, if several, are targets that learn alone.

    Args:
      beta: margin of the confidence set, of the order `log(members / delta)` plus what the class misses (`theory.downstream_margin`).

    Raises:
      BadInput: beta not above 0.
    """
    finite.check_margin(beta)

    def survivors(state, view):
        tasks = view.rewards.shape[0]
        alone = finite.membership(jnp.arange(tasks), tasks)
        kept = finite.project(state.likelihoods, beta, member=alone, allowed=view.allowed)
        optimistic = jnp.where(kept, state.values, -jnp.inf).reshape(tasks, -1)
        return kept, jnp.argmax(optimistic, axis=1), jnp.where(kept.any((1, 2)), optimistic.max(1), jnp.nan)

    def init(key, view):
        flat = view.tables.reshape(-1, *view.tables.shape[2:])
        values = jax.vmap(lambda reward: jax.vmap(lambda law: best(law * reward).value)(flat))(view.rewards)
        values = values.reshape(-1, *view.tables.shape[:2])
        return State(jnp.zeros_like(values), values)

    def select(key, state, view):
        flat = view.tables.reshape(-1, *view.tables.shape[2:])
        _, chosen, _ = survivors(state, view)
        return jax.vmap(lambda c, reward: best(flat[c] * reward).policy)(chosen, view.rewards)

    def update(key, state, view, action, feedback):
        kept, _, promise = survivors(state, view)
        likelihoods = finite.add(state.likelihoods, view.tables, feedback)
        return state._replace(likelihoods=likelihoods), Info(promise, kept, finite.possible(view.tables, feedback))

    return Algorithm(init, select, update)
