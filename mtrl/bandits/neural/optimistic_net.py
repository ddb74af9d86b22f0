"""Neural GFUCB by ascent in function space: the closest to the paper's step `max over f in F_t`.

Each round a copy (W, theta_1..M) of the fitted network ascends

`sum_i max_a f^(i)(x_{t,i,a}) - mu relu(||f - f_hat||^2_buffer - beta)`

for `ascent` Adam steps, the arms are its greedy ones, and it is thrown away: one optimistic body for all tasks, one
budget `beta = alpha^2 M`. The squared distance on the buffer is estimated on a fresh minibatch at every step (ours;
the paper assumes an oracle). `mu = force mu*`, where `mu* = sqrt(q / (4 beta))`, `q = sum_i ||phi(x_i)||^2_{V_i^-1}`,
is the multiplier of the squared constraint when only the heads move; a linear penalty is exact from mu* on, and the
default force 2 leaves room for the body's share.
"""

import functools

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float

from mtrl.bandits.linear_stats import squared_widths
from mtrl.bandits.neural.last_layer import budget
from mtrl.bandits.neural.network import Network, predict
from mtrl.bandits.neural.state import Config, State, draw_batch, init, play
from mtrl.bandits.rounds import ArmData, Info, first_best, take_arm
from mtrl.numerics.algorithm import Algorithm
from mtrl.numerics.types import PRNGKey, Scalar


def multiplier(state: State, data: ArmData, config: Config, beta: Scalar) -> Float[Array, ""]:
    """`mu* = sqrt(q / (4 beta))` at the fit's greedy arms."""
    body = config.body()
    arms = first_best(predict(body, state.network, data.contexts))
    squares = squared_widths(state.inverse, body.apply(state.network.body, data.contexts))
    floor = jnp.finfo(squares.dtype).tiny
    return jnp.sqrt(jnp.sum(take_arm(squares, arms)) / jnp.maximum(4.0 * beta, floor))


def ascend(
    key: PRNGKey,
    state: State,
    data: ArmData,
    *,
    config: Config,
    beta: Scalar,
    force: Scalar = 2.0,
    rate: float = 3e-3,
    ascent: int = 20,
) -> Network:
    """The optimistic copy."""
    body, fitted = config.body(), state.network
    weight = jnp.asarray(force, state.rewards.dtype) * multiplier(state, data, config, beta)
    observations = (state.round * state.rewards.shape[1]).astype(state.rewards.dtype)
    rule = optax.adam(rate)

    def objective(network, batch):
        value = jnp.sum(jnp.max(predict(body, network, data.contexts), axis=1))
        here = jnp.sum(body.apply(network.body, batch.x) * network.heads[batch.tasks], axis=-1)
        there = jnp.sum(body.apply(fitted.body, batch.x) * fitted.heads[batch.tasks], axis=-1)
        distance = observations * jnp.mean((here - there) ** 2)
        # The gradient of a mean over tasks keeps Adam's epsilon out of the way whatever M is; it moves no arm.
        return -(value - weight * jax.nn.relu(distance - beta)) / data.means.shape[0]

    def climb(carry, key):
        network, memory = carry
        slope = jax.grad(objective)(network, draw_batch(key, state, config.batch))
        updates, memory = rule.update(slope, memory, network)
        return (optax.apply_updates(network, updates), memory), None

    (network, _), _ = jax.lax.scan(climb, (fitted, rule.init(fitted)), jax.random.split(key, ascent))
    return network


def step(
    key: PRNGKey,
    state: State,
    data: ArmData,
    *,
    config: Config,
    alpha: Scalar = 0.2,
    force: Scalar = 2.0,
    rate: float = 3e-3,
    ascent: int = 20,
) -> tuple[State, Info]:
    """Play the optimistic copy's greedy arms.

    Args:
      key: minibatches of the ascent and of the refits.
      state: network, buffer, statistics.
      data: the round.
      config: as given to `init`, fixed at compile time.
      alpha: width; `beta = alpha^2 M`.
      force: mu in units of mu*.
      rate: Adam's learning rate in the ascent, fixed at compile time.
      ascent: number of its steps, fixed at compile time.
    """
    beta = budget(alpha, data.means.shape[0], state.rewards.dtype)

    def choose(key, state, data):
        copy = ascend(key, state, data, config=config, beta=beta, force=force, rate=rate, ascent=ascent)
        return first_best(predict(config.body(), copy, data.contexts))

    return play(key, state, data, config, choose)


def optimistic_net(config: Config) -> Algorithm:
    """The algorithm for a configuration; hyper-parameters `alpha`, `force`."""
    return Algorithm(init, functools.partial(step, config=config))
