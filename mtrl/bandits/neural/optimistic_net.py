"""Neural GFUCB by ascent in function space: the closest to the paper's step `max over f in F_t`.

Each round a copy (W, theta_1..M) of the fitted network ascends

`sum_i max_a f^(i)(x_{t,i,a}) - mu relu(||f - f_hat||^2_buffer - beta)`

for `ascent` Adam steps, the arms are its greedy ones, and it is thrown away: one optimistic body for all tasks, one
budget `beta = alpha^2 M`. The squared distance on the buffer is estimated on a fresh minibatch at every step (ours;
the paper assumes an oracle). `mu = force mu*`, where `mu* = sqrt(q / (4 beta))`, `q = sum_i ||phi(x_i)||^2_{V_i^-1}`,
is the multiplier of the squared constraint when only the heads move; a linear penalty is exact from mu* on, and the
default force 2 leaves room for the body's share.
"""

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from mtrl import nn
from mtrl.bandits.neural.last_layer import budget
from mtrl.bandits.neural.learner import Learner, State, learner
from mtrl.bandits.problem import ArmView, first_best, take_arm
from mtrl.numerics.algorithm import Algorithm
from mtrl.numerics.checks import check_nonnegative, check_positive, check_whole
from mtrl.numerics.types import PRNGKey, Scalar


def multiplier(own: Learner, state: State, view: ArmView, beta: Scalar) -> Float[Array, ""]:
    """`mu* = sqrt(q / (4 beta))` at the fit's greedy arms."""
    features = own.features(state, view.contexts)
    arms = first_best(nn.own_values(state.fit.params.heads, features))
    _, squares = nn.ridge_index(state.ridge, features)
    floor = jnp.finfo(squares.dtype).tiny
    return jnp.sqrt(jnp.sum(take_arm(squares, arms)) / jnp.maximum(4.0 * beta, floor))


def ascend(
    key: PRNGKey,
    own: Learner,
    state: State,
    view: ArmView,
    *,
    beta: Scalar,
    force: Scalar = 2.0,
    rate: Scalar = 3e-3,
    ascent: int = 20,
) -> nn.Network:
    """The optimistic copy."""
    fitted = state.fit.params
    tasks = view.contexts.shape[0]
    weight = jnp.asarray(force, state.rewards.dtype) * multiplier(own, state, view, beta)
    observations = (state.round * tasks).astype(state.rewards.dtype)

    def loss(network, rows):
        value = jnp.sum(jnp.max(nn.own_values(network.heads, own.phi(network, view.contexts)), axis=1))
        gap = own.pooled_values(network, state, rows) - own.pooled_values(fitted, state, rows)
        distance = observations * jnp.mean(gap**2)
        # The gradient of a mean over tasks keeps Adam's epsilon out of the way whatever M is; it moves no arm.
        return -(value - weight * jax.nn.relu(distance - beta)) / tasks

    rule = nn.adam(rate)
    return nn.descend(nn.start(fitted, rule), own.batches(key, state, ascent), loss=loss, optimiser=rule)[0].params


def optimistic_net(
    *, alpha: Scalar = 0.2, force: Scalar = 2.0, ascent_rate: Scalar = 3e-3, ascent: int = 20, **network: Any
) -> Algorithm:
    """The optimistic copy's greedy arms.

    Args:
      alpha: width, at least 0; `beta = alpha^2 M`.
      force: mu in units of mu*.
      ascent_rate: Adam's learning rate in the ascent.
      ascent: number of its steps.
      **network: as in `learner`.

    Raises:
      BadInput: a number outside its range.
    """
    check_nonnegative(alpha=alpha, force=force)
    check_positive(ascent_rate=ascent_rate)
    check_whole(ascent=ascent, lower=0)
    own = learner(**network)

    def choose(key, state, view):
        beta = budget(alpha, view.contexts.shape[0], state.rewards.dtype)
        copy = ascend(key, own, state, view, beta=beta, force=force, rate=ascent_rate, ascent=ascent)
        return first_best(nn.own_values(copy.heads, own.phi(copy, view.contexts)))

    return own.algorithm(choose)
