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
from jaxtyping import Array, Float, Int

from mtrl import nn
from mtrl.bandits.problem import ArmView, Sizes, check_tasks, take_arm
from mtrl.numerics.algorithm import Algorithm
from mtrl.numerics.checks import check_nonnegative, check_positive, check_rank, check_whole
from mtrl.numerics.keys import split_named
from mtrl.numerics.types import PRNGKey, Scalar

RIDGE = 0.1  # lam


class State(NamedTuple):
    """Everything a neural bandit carries."""

    fit: nn.Descent  # the network, and Adam's memory
    contexts: Float[Array, "round task dim"]  # played inputs, zero where not played yet
    rewards: Float[Array, "round task"]
    ridge: nn.FeatureRidge  # (lam I + sum phi phi^T)^-1 and sum phi r, per task
    round: Int[Array, ""]


class Learner(NamedTuple):
    """A neural bandit but for its choice of arms."""

    body: nn.Body
    init: Callable[[PRNGKey, Sizes], State]
    batches: Callable[
        [PRNGKey, State, int], Array
    ]  # (key, state, updates) -> rows of the pooled buffer, (update, sample)
    refit: Callable[[PRNGKey, State], State]
    observe: Callable[[PRNGKey, State, ArmView, Array, Array], State]

    def phi(self, network: nn.Network, x: Float[Array, "*batch dim"]) -> Float[Array, "*batch rank"]:
        """Features under any weights."""
        features: Any = self.body.apply(network.body, x)
        return features

    def features(self, state: State, x: Float[Array, "*batch dim"]) -> Float[Array, "*batch rank"]:
        """phi of the fitted network."""
        return self.phi(state.fit.params, x)

    def pooled_values(self, network: nn.Network, state: State, rows: Int[Array, " sample"]) -> Float[Array, " sample"]:
        """Values of rows of the pooled buffer, each under the head of its own task."""
        when, who = jnp.divmod(rows, state.rewards.shape[1])
        return nn.picked_values(network.heads, self.phi(network, state.contexts[when, who]), who)

    def algorithm(self, choose: Callable[[PRNGKey, State, Any], Array]) -> Algorithm:
        """The bandit that plays `choose(key, state, view)`."""

        def select(key, state, view):
            check_tasks(view.contexts, state.ridge.cross)
            return choose(split_named(key, "choose")["choose"], state, view)

        def update(key, state, view, action, feedback):
            return self.observe(key, state, view, action, feedback), ()

        return Algorithm(self.init, select, update)


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
      side: image side: a convolution in front; 0 for none.
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
    body = nn.Body(rank, tuple(hidden), channels=(16,) if side else (), side=side, pool="mean")

    def optimiser(tasks):
        return nn.adam(rate, decay=nn.shared_decay(decay, tasks))

    def init(key, view):
        """Random network, empty buffer."""
        tasks, dim, dtype = view.tasks, view.dim, view.dtype
        check_rank(rank, hidden[-1] if hidden else dim)
        keys = split_named(key, "body", "heads")
        weights = body.init(keys["body"], jnp.zeros((1, dim), dtype))
        network = nn.Network(weights, nn.draw_heads(keys["heads"], tasks=tasks, rank=rank, dtype=dtype))
        return State(
            nn.start(network, optimiser(tasks)),
            jnp.zeros((capacity, tasks, dim), dtype),
            jnp.zeros((capacity, tasks), dtype),
            nn.ridge_start(tasks=tasks, rank=rank, ridge=ridge, dtype=dtype),
            jnp.zeros((), jnp.int32),
        )

    def batches(key, state, updates):
        """Uniform draws of what has been played so far, over rounds and tasks."""
        rows = jnp.maximum(state.round, 1) * state.rewards.shape[1]
        return nn.with_replacement(rows, updates=updates, batch=batch)(key)

    def refit(key, state):
        """Fit the network to the pooled buffer, then rebuild the ridge statistics on its features."""

        def loss(network, rows):
            return jnp.mean((own.pooled_values(network, state, rows) - state.rewards.ravel()[rows]) ** 2)

        rule = optimiser(state.rewards.shape[1])
        fit, _ = nn.descend(state.fit, batches(key, state, steps), loss=loss, optimiser=rule)
        state = state._replace(fit=fit)
        played = jnp.arange(capacity, dtype=state.round.dtype) < state.round
        visits = jnp.broadcast_to(played.astype(state.rewards.dtype), state.rewards.T.shape)
        features = jnp.swapaxes(own.features(state, state.contexts), 0, 1)
        return state._replace(ridge=nn.ridge_fit(features, visits, state.rewards.T, ridge=ridge))

    def observe(key, state, view, arms, rewards):
        """Add a round, and refit when it is time."""
        inputs = take_arm(view.contexts, arms)
        state = state._replace(
            contexts=state.contexts.at[state.round].set(inputs),
            rewards=state.rewards.at[state.round].set(rewards),
            ridge=nn.ridge_add(state.ridge, own.features(state, inputs), rewards),
            round=state.round + 1,
        )
        due = state.round % refit_every == 0
        return jax.lax.cond(due, lambda s: refit(split_named(key, "refit")["refit"], s), lambda s: s, state)

    own = Learner(body, init, batches, refit, observe)
    return own
