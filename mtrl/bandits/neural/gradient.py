"""Neural GFUCB with the confidence set on all weights: gradient features, one shared metric for the body.

NeuralUCB (Zhou, Li and Gu, ICML 2020) linearises the network at its fit: `f^(i)(x; W + dW) ~ f^(i)(x) + <g^(i)(x),
dW>`. Here the weights are the shared body and M heads, and the confidence set is one ellipsoid `dW^T D dW + sum_i
dtheta_i^T V_i dtheta_i <= beta`, D diagonal (the sum of all tasks' squared body gradients), `beta = alpha^2 M`. Its
support function gives the joint optimistic value

`sum_i f^(i)(x_i) + sqrt(beta (||sum_i g^(i)(x_i)||^2_{D^-1} + sum_i ||phi(x_i)||^2_{V_i^-1}))`:

the body's gradients add up before the norm is taken, since ONE body must explain the optimism of all tasks. The arms
are improved one task after another from the best uncoupled ones (`sweeps` rounds; exact for M = 1).
"""

import functools
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float, Int

from mtrl.bandits.linear_stats import squared_widths
from mtrl.bandits.neural import state as base
from mtrl.bandits.neural.last_layer import budget
from mtrl.bandits.neural.network import Body, Network, predict
from mtrl.bandits.neural.state import Config
from mtrl.bandits.problem import World
from mtrl.bandits.rounds import ArmData, Info, first_best, take_arm
from mtrl.numerics.algorithm import Algorithm
from mtrl.numerics.types import PRNGKey, Scalar


class State(NamedTuple):
    """The common state and the body's metric."""

    common: base.State
    metric: Float[Array, " weight"]  # D = lam + sum of squared body gradients of what was played


def init(key: PRNGKey, problem: World, config: Config) -> State:
    """Random network; D = lam."""
    common = base.init(key, problem, config)
    weights, _ = ravel_pytree(common.network.body)
    return State(common, jnp.full_like(weights, config.ridge))


def body_gradients(
    body: Body, network: Network, contexts: Float[Array, "task arm dim"]
) -> Float[Array, "task arm weight"]:
    """`d f^(i)(x_{i,a}) / d W`, flattened."""

    def one(x: Array, head: Array) -> Array:
        gradient: Any = jax.grad(lambda w: jnp.sum(body.apply(w, x) * head))(network.body)
        return ravel_pytree(gradient)[0]

    return jax.vmap(lambda xs, head: jax.vmap(lambda x: one(x, head))(xs))(contexts, network.heads)


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


def step(
    key: PRNGKey, state: State, data: ArmData, *, config: Config, alpha: Scalar = 0.2, sweeps: int = 1
) -> tuple[State, Info]:
    """Play the jointly optimistic arms of the linearised network.

    Args:
      key: minibatches of the refits.
      state: common state and metric.
      data: the round.
      config: as given to `init`, fixed at compile time.
      alpha: width, at least 0.
      sweeps: passes over the tasks, fixed at compile time.
    """
    common, body = state.common, config.body()
    gradients = body_gradients(body, common.network, data.contexts)
    values = predict(body, common.network, data.contexts)
    features = body.apply(common.network.body, data.contexts)
    squares = squared_widths(common.inverse, features)
    scaled = gradients / jnp.sqrt(state.metric)
    arms = joint_arms(values, scaled, squares, budget(alpha, values.shape[0], values.dtype), sweeps)
    metric = state.metric + jnp.sum(take_arm(gradients, arms) ** 2, axis=0)
    common, info = base.play(key, common, data, config, lambda *_: arms)
    return State(common, metric), info


def gradient(config: Config) -> Algorithm:
    """The algorithm for a configuration; hyper-parameter `alpha`."""
    return Algorithm(init, functools.partial(step, config=config))
