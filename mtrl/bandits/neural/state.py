"""State of the neural bandits: static buffers, the network, its optimiser, and per-task ridge statistics on its features.

Every `refit_every` rounds the network is fitted to the pooled buffer by Adam on the mean squared error (warm start,
`steps` minibatches), then the features of the whole buffer are recomputed and the ridge statistics rebuilt; between
refits they get rank-one updates. Weight decay enters the gradient (L2) and is divided by M on the heads: the mean
loss gives each head 1/M of its gradient, and an undivided decay would erase what the tasks share.
"""

import dataclasses
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, Int

from mtrl.bandits.checks import check_refit, check_sizes
from mtrl.bandits.neural.network import Body, Network, network_init, pooled_loss
from mtrl.bandits.problem import World
from mtrl.bandits.rounds import ArmData, Info, pull
from mtrl.numerics.keys import split_named
from mtrl.numerics.linalg import elimination
from mtrl.numerics.linalg.rank_one import inverse_update
from mtrl.numerics.types import PRNGKey


@dataclasses.dataclass(frozen=True)
class Config:
    """Settings fixed at compile time."""

    rounds: int = 100  # capacity of the buffer, T
    rank: int = 4  # k
    hidden: tuple[int, ...] = (128,)
    side: int = 0  # image side: a ConvNet in front; 0 for none
    refit_every: int = 5
    steps: int = 150  # Adam steps per refit
    batch: int = 256
    rate: float = 3e-3  # Adam's learning rate
    decay: float = 1e-2  # weight decay of the body; decay / M on the heads
    ridge: float = 0.1  # lam

    def body(self) -> Body:
        """The representation's network."""
        return Body(self.hidden, self.rank, self.side)


class State(NamedTuple):
    """Everything a neural bandit carries."""

    network: Network
    optimiser: Any  # Optax state
    contexts: Float[Array, "round task dim"]  # played inputs, zero where not played yet
    rewards: Float[Array, "round task"]
    inverse: Float[Array, "task rank rank"]  # (lam I + sum phi phi^T)^-1
    moment: Float[Array, "task rank"]  # sum phi r
    round: Int[Array, ""]


def optimiser(config: Config, tasks: int) -> optax.GradientTransformation:
    """Adam with L2 decay, `decay` on the body and `decay / M` on the heads."""

    def decayed(updates, state, params):
        body = jax.tree.map(lambda g, w: g + config.decay * w, updates.body, params.body)
        return Network(body, updates.heads + config.decay / tasks * params.heads), state

    decay = optax.GradientTransformation(lambda params: optax.EmptyState(), decayed)
    return optax.chain(decay, optax.adam(config.rate))


def init(key: PRNGKey, problem: World, config: Config) -> State:
    """Random network, empty buffer.

    Raises:
      BadInput: k does not fit the last hidden layer, or the network would never be fitted.
    """
    tasks, dim, dtype = problem.tasks, problem.dim, problem.dtype
    check_sizes(tasks=tasks, rank=config.rank, width=config.hidden[-1] if config.hidden else dim)
    check_refit(config.refit_every, config.rounds)
    network = network_init(key, config.body(), tasks, dim, dtype)
    eye = jnp.eye(config.rank, dtype=dtype) / jnp.asarray(config.ridge, dtype)
    return State(
        network,
        optimiser(config, tasks).init(network),
        jnp.zeros((config.rounds, tasks, dim), dtype),
        jnp.zeros((config.rounds, tasks), dtype),
        jnp.broadcast_to(eye, (tasks, config.rank, config.rank)),
        jnp.zeros((tasks, config.rank), dtype),
        jnp.zeros((), jnp.int32),
    )


class Batch(NamedTuple):
    """A minibatch of the pooled buffer."""

    x: Float[Array, "sample dim"]
    tasks: Int[Array, " sample"]
    targets: Float[Array, " sample"]


def draw_batch(key: PRNGKey, state: State, size: int) -> Batch:
    """Uniform draws (with replacement) of what has been played so far, over rounds and tasks."""
    tasks = state.rewards.shape[1]
    index = jax.random.randint(key, (size,), 0, jnp.maximum(state.round, 1) * tasks)
    when, who = index // tasks, index % tasks
    return Batch(state.contexts[when, who], who, state.rewards[when, who])


def refit(key: PRNGKey, state: State, config: Config) -> State:
    """Fit the network to the pooled buffer, then rebuild the ridge statistics on its features."""
    body, rule = config.body(), optimiser(config, state.rewards.shape[1])

    def descend(carry, key):
        network, memory = carry
        batch = draw_batch(key, state, config.batch)
        gradient = jax.grad(lambda n: pooled_loss(body, n, *batch))(network)
        updates, memory = rule.update(gradient, memory, network)
        return (optax.apply_updates(network, updates), memory), None

    keys = jax.random.split(key, config.steps)
    (network, memory), _ = jax.lax.scan(descend, (state.network, state.optimiser), keys)
    played = (jnp.arange(config.rounds) < state.round).astype(state.rewards.dtype)
    features = body.apply(network.body, state.contexts) * played[:, None, None]
    eye = jnp.asarray(config.ridge, features.dtype) * jnp.eye(config.rank, dtype=features.dtype)
    inverse = elimination.inverse(jnp.einsum("tmk,tml->mkl", features, features) + eye)
    moment = jnp.einsum("tmk,tm->mk", features, state.rewards)
    return state._replace(network=network, optimiser=memory, inverse=inverse, moment=moment)


Choose = Callable[[PRNGKey, State, ArmData], Int[Array, " task"]]


def play(key: PRNGKey, state: State, data: ArmData, config: Config, choose: Choose) -> tuple[State, Info]:
    """One round of any neural bandit: choose, observe, and refit when it is time.

    Args:
      key: split into the choice and the refit.
      state: network, buffer and statistics.
      data: the round.
      config: the configuration `init` was given.
      choose: arms from (key, state, data).
    """
    keys = split_named(key, "choose", "refit")
    feedback, info = pull(data, choose(keys["choose"], state, data))
    features = config.body().apply(state.network.body, feedback.inputs)
    state = state._replace(
        contexts=state.contexts.at[state.round].set(feedback.inputs),
        rewards=state.rewards.at[state.round].set(feedback.rewards),
        inverse=inverse_update(state.inverse, features),
        moment=state.moment + features * feedback.rewards[:, None],
        round=state.round + 1,
    )
    due = state.round % config.refit_every == 0
    return jax.lax.cond(due, lambda s: refit(keys["refit"], s, config), lambda s: s, state), info
