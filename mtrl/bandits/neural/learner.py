"""What the neural bandits share: static buffers, the network, its optimiser, and per-task ridge statistics on its features.

Every `refit_every` rounds the network is fitted to the pooled buffer by Adam on the mean squared error (warm start,
`steps` minibatches), then the features of the whole buffer are recomputed and the ridge statistics rebuilt; between
refits they get rank-one updates. Weight decay enters the gradient (L2) and is divided by M on the heads: the mean
loss gives each head 1/M of its gradient, and an undivided decay would erase what the tasks share.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, Int

from mtrl.bandits.neural.network import Body, Network, network_init, pooled_loss
from mtrl.bandits.problem import ArmView, Sizes, check_tasks, take_arm
from mtrl.numerics.algorithm import Algorithm
from mtrl.numerics.checks import check_nonnegative, check_positive, check_rank, check_whole
from mtrl.numerics.keys import split_named
from mtrl.numerics.linalg import elimination
from mtrl.numerics.linalg.rank_one import inverse_update
from mtrl.numerics.types import PRNGKey, Scalar

RIDGE = 0.1  # lam


class State(NamedTuple):
    """Everything a neural bandit carries."""

    network: Network
    optimiser: Any  # Optax state
    contexts: Float[Array, "round task dim"]  # played inputs, zero where not played yet
    rewards: Float[Array, "round task"]
    inverse: Float[Array, "task rank rank"]  # (lam I + sum phi phi^T)^-1
    cross: Float[Array, "task rank"]  # sum phi r
    round: Int[Array, ""]


class Batch(NamedTuple):
    """A minibatch of the pooled buffer."""

    x: Float[Array, "sample dim"]
    tasks: Int[Array, " sample"]
    targets: Float[Array, " sample"]


class Learner(NamedTuple):
    """A neural bandit but for its choice of arms."""

    body: Body
    init: Callable[[PRNGKey, Sizes], State]
    batch: Callable[[PRNGKey, State], Batch]
    refit: Callable[[PRNGKey, State], State]
    observe: Callable[[PRNGKey, State, ArmView, Array, Array], State]

    def algorithm(self, choose: Callable[[PRNGKey, State, Any], Array]) -> Algorithm:
        """The bandit that plays `choose(key, state, view)`."""

        def select(key, state, view):
            check_tasks(view.contexts, state.cross)
            return choose(split_named(key, "choose")["choose"], state, view)

        def update(key, state, view, action, feedback):
            return self.observe(key, state, view, action, feedback), ()

        return Algorithm(self.init, select, update)


def optimiser(rate: Scalar, decay: Scalar, tasks: int) -> optax.GradientTransformation:
    """Adam with L2 decay, `decay` on the body and `decay / M` on the heads."""

    def decayed(updates, state, params):
        size = jnp.asarray(decay, params.heads.dtype)
        body = jax.tree.map(lambda g, w: g + size * w, updates.body, params.body)
        return Network(body, updates.heads + size / tasks * params.heads), state

    decaying = optax.GradientTransformation(lambda params: optax.EmptyState(), decayed)
    return optax.chain(decaying, optax.adam(rate))


def learner(
    *,
    capacity: int = 100,
    rank: int = 4,
    hidden: tuple[int, ...] = (128,),
    side: int = 0,
    refit_every: int = 5,
    steps: int = 150,
    batch: int = 256,
    rate: Scalar = 3e-3,
    decay: Scalar = 1e-2,
    ridge: Scalar = RIDGE,
) -> Learner:
    """Network, buffer and refits.

    Args:
      capacity: rounds the buffer holds; at least as many as are played.
      rank: k.
      hidden: widths of the body's hidden layers.
      side: image side: a ConvNet in front; 0 for none.
      refit_every: rounds between refits.
      steps: Adam steps per refit.
      batch: samples per step, drawn with replacement from what was played.
      rate: Adam's learning rate.
      decay: weight decay of the body; decay / M on the heads.
      ridge: lam of the heads' statistics.

    Raises:
      BadInput: a number outside its range, a k that does not fit the last hidden layer, or a network that would never be fitted.
    """
    check_whole(capacity=capacity, batch=batch)
    check_whole(steps=steps, lower=0)
    check_whole(refit_every=refit_every, upper=capacity, hint="else the network is never fitted")
    check_positive(rate=rate, ridge=ridge)
    check_nonnegative(decay=decay)
    if hidden:
        check_rank(rank, hidden[-1], what="the last hidden width")
    body = Body(tuple(hidden), rank, side)

    def init(key, view):
        """Random network, empty buffer."""
        tasks, dim, dtype = view.tasks, view.dim, view.dtype
        check_rank(rank, hidden[-1] if hidden else dim)
        network = network_init(key, body, tasks, dim, dtype)
        eye = jnp.eye(rank, dtype=dtype) / jnp.asarray(ridge, dtype)
        return State(
            network,
            optimiser(rate, decay, tasks).init(network),
            jnp.zeros((capacity, tasks, dim), dtype),
            jnp.zeros((capacity, tasks), dtype),
            jnp.broadcast_to(eye, (tasks, rank, rank)),
            jnp.zeros((tasks, rank), dtype),
            jnp.zeros((), jnp.int32),
        )

    def draw_batch(key, state):
        """Uniform draws (with replacement) of what has been played so far, over rounds and tasks."""
        tasks = state.rewards.shape[1]
        index = jax.random.randint(key, (batch,), 0, jnp.maximum(state.round, 1) * tasks)
        when, who = index // tasks, index % tasks
        return Batch(state.contexts[when, who], who, state.rewards[when, who])

    def refit(key, state):
        """Fit the network to the pooled buffer, then rebuild the ridge statistics on its features."""
        rule = optimiser(rate, decay, state.rewards.shape[1])

        def descend(carry, key):
            network, memory = carry
            drawn = draw_batch(key, state)
            gradient = jax.grad(lambda n: pooled_loss(body, n, *drawn))(network)
            with jax.numpy_dtype_promotion("standard"):  # Optax raises a float to an integer power
                updates, memory = rule.update(gradient, memory, network)
            return (optax.apply_updates(network, updates), memory), None

        (network, memory), _ = jax.lax.scan(descend, (state.network, state.optimiser), jax.random.split(key, steps))
        played = (jnp.arange(capacity, dtype=state.round.dtype) < state.round).astype(state.rewards.dtype)
        features = body.apply(network.body, state.contexts) * played[:, None, None]
        eye = jnp.asarray(ridge, features.dtype) * jnp.eye(rank, dtype=features.dtype)
        inverse = elimination.inverse(jnp.einsum("tmk,tml->mkl", features, features) + eye)
        cross = jnp.einsum("tmk,tm->mk", features, state.rewards)
        return state._replace(network=network, optimiser=memory, inverse=inverse, cross=cross)

    def observe(key, state, view, arms, rewards):
        """Add a round, and refit when it is time."""
        inputs = take_arm(view.contexts, arms)
        features = body.apply(state.network.body, inputs)
        state = state._replace(
            contexts=state.contexts.at[state.round].set(inputs),
            rewards=state.rewards.at[state.round].set(rewards),
            inverse=inverse_update(state.inverse, features),
            cross=state.cross + features * rewards[:, None],
            round=state.round + 1,
        )
        due = state.round % refit_every == 0
        return jax.lax.cond(due, lambda s: refit(split_named(key, "refit")["refit"], s), lambda s: s, state)

    return Learner(body, init, draw_batch, refit, observe)
