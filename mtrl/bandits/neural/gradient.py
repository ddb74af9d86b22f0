"""Neural GFUCB with the confidence set on all weights: gradient features, one shared metric for the body.

NeuralUCB (Zhou, Li and Gu, ICML 2020) linearises the network at its fit: `f^(i)(x; W + dW) ~ f^(i)(x) + <g^(i)(x),
dW>`. Here the weights are the shared body and M heads, and the confidence set is one ellipsoid `dW^T D dW + sum_i
dtheta_i^T V_i dtheta_i <= beta`, D diagonal (the sum of all tasks' squared body gradients), `beta = alpha^2 M`. Its
support function gives the joint optimistic value

`sum_i f^(i)(x_i) + sqrt(beta (||sum_i g^(i)(x_i)||^2_{D^-1} + sum_i ||phi(x_i)||^2_{V_i^-1}))`:

the body's gradients add up before the norm is taken, since ONE body must explain the optimism of all tasks. The arms
are improved one task after another from the best uncoupled ones (`sweeps` rounds; exact for M = 1).
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float, Int

from mtrl import nn
from mtrl.bandits.neural.last_layer import budget
from mtrl.bandits.neural.learner import RIDGE, learner
from mtrl.bandits.neural.learner import State as Common
from mtrl.bandits.problem import first_best, take_arm
from mtrl.numerics.algorithm import Algorithm
from mtrl.numerics.checks import check_nonnegative
from mtrl.numerics.types import Scalar


class State(NamedTuple):
    """The common state and the body's metric."""

    common: Common
    metric: Float[Array, " weight"]  # D = lam + sum of squared body gradients of what was played


def joint_arms(
    values: Float[Array, "task arm"],
    scaled: Float[Array, "task arm weight"],
    squares: Float[Array, "task arm"],
    beta: Scalar,
    sweeps: int = 1,
) -> Int[Array, " task"]:
    """Coordinate ascent on the joint value; `scaled` are gradients divided by the root of D."""
    tasks, _ = values.shape
    own = jnp.sum(scaled**2, axis=-1) + squares
    arms = first_best(values + jnp.sqrt(beta / tasks * own))

    def improve(arms, task):
        together = jnp.sum(jax.vmap(lambda g, a: g[a])(scaled, arms), axis=0) - scaled[task, arms[task]]
        rest_u = jnp.sum(take_arm(values, arms)) - values[task, arms[task]]
        rest_q = jnp.sum(take_arm(squares, arms)) - squares[task, arms[task]]
        norms = jnp.sum((together + scaled[task]) ** 2, axis=-1)
        after = rest_u + values[task] + jnp.sqrt(beta * (norms + jnp.maximum(rest_q, 0.0) + squares[task]))
        return arms.at[task].set(first_best(after)), None

    arms, _ = jax.lax.scan(improve, arms, jnp.tile(jnp.arange(tasks), sweeps))
    return arms


def gradient(*, alpha: Scalar = 0.2, sweeps: int = 1, **network: Any) -> Algorithm:
    """The jointly optimistic arms of the linearised network.

    Args:
      alpha: width, at least 0.
      sweeps: passes of the search over the tasks.
      **network: as in `learner`.

    Raises:
      BadInput: a number outside its range.
    """
    check_nonnegative(alpha=alpha, hint="0 acts greedily")
    own = learner(**network)

    lam = network.get("ridge", RIDGE)

    def init(key, view):
        """Random network; D = lam."""
        common = own.init(key, view)
        weights, _ = ravel_pytree(common.fit.params.body)
        return State(common, jnp.full_like(weights, lam))

    def select(key, state, view):
        del key
        common, contexts = state.common, view.contexts
        fitted, features = common.fit.params, own.features(common, contexts)
        values = nn.own_values(fitted.heads, features)
        _, squares = nn.ridge_index(common.ridge, features)
        scaled = nn.body_gradients(own.body, fitted, contexts) / jnp.sqrt(state.metric)
        return joint_arms(values, scaled, squares, budget(alpha, values.shape[0], values.dtype), sweeps)

    def update(key, state, view, action, feedback):
        played = take_arm(view.contexts, action)[:, None]
        gradients = nn.body_gradients(own.body, state.common.fit.params, played)[:, 0]
        common = own.observe(key, state.common, view, action, feedback)
        return State(common, state.metric + jnp.sum(gradients**2, axis=0)), ()

    return Algorithm(init, select, update)
