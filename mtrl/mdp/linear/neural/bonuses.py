"""Three ways for a network to be optimistic on the pairs (s, a) of one stage.

- `last_layer`: ridge heads on the learned features, `<phi, w_i> + alpha ||phi||_{V_i^-1}`; exact in the heads, blind to the body.
- `gradient`: `f_i + alpha sqrt(||dW f_i||^2_{D^-1} + ||phi||^2_{V_i^-1})` with the gradients with respect to the body and the own
  head, both metrics diagonal (NeuralUCB style; Zhou, Li and Gu 2020). D adds up the body's gradients of ALL tasks: it is one body.
- `optimistic_net`: a copy of the network ascends `sum_i mean_s max_a f_i(s,a) - mu relu(sum n (f - fhat)^2 - budget)` by Adam and
  is used once, then thrown away: closest to choosing one optimistic function for all tasks.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from mtrl import nn
from mtrl.numerics.types import Scalar

BONUSES = ("last_layer", "gradient", "optimistic_net")


def features(body: nn.Body, network: nn.Network, x: Float[Array, "cell dim"]) -> Float[Array, "cell rank"]:
    """`phi_W(x)`."""
    return jnp.asarray(body.apply(network.body, x))


def values(body: nn.Body, network: nn.Network, x: Float[Array, "cell dim"]) -> Float[Array, "task cell"]:
    """`f_i(x) = <phi_W(x), theta_i>`."""
    return nn.all_values(network.heads, features(body, network, x))


def last_layer(
    body: nn.Body,
    network: nn.Network,
    x: Float[Array, "cell dim"],
    visits: Float[Array, "task cell"],
    totals: Float[Array, "task cell"],
    *,
    alpha: Scalar,
    ridge: Scalar,
) -> Float[Array, "task cell"]:
    """Ridge heads and their ellipsoid on the learned features."""
    phi = features(body, network, x)
    phi = jnp.broadcast_to(phi, (visits.shape[0], *phi.shape))
    fitted, squares = nn.ridge_index(nn.ridge_fit(phi, visits, totals, ridge=ridge), phi)
    return fitted + alpha * jnp.sqrt(squares)


def gradient(
    body: nn.Body,
    network: nn.Network,
    x: Float[Array, "cell dim"],
    visits: Float[Array, "task cell"],
    *,
    alpha: Scalar,
    ridge: Scalar,
) -> Float[Array, "task cell"]:
    """Network values and a diagonal ellipsoid over the shared body and the own head."""
    slopes = nn.body_gradients(body, network, jnp.broadcast_to(x, (visits.shape[0], *x.shape)))
    squares = nn.gradient_squares(slopes, nn.gradient_metric(slopes, visits, ridge=ridge))
    own = features(body, network, x) ** 2  # (cell, rank): the gradient of f_i in its head is phi
    squares = squares + jnp.einsum("ck,mk->mc", own, 1.0 / (ridge + visits @ own))
    return values(body, network, x) + alpha * jnp.sqrt(squares)


def optimistic_net(
    body: nn.Body,
    network: nn.Network,
    x: Float[Array, "cell dim"],
    visits: Float[Array, "task cell"],
    *,
    states: int,
    budget: Scalar,
    multiplier: Scalar,
    steps: int = 20,
    learning_rate: float = 1e-2,
) -> Float[Array, "task cell"]:
    """Values of an optimistic copy of the network.

    Args:
      body, network, x, visits: the network, its inputs and the buffer.
      states: S; cells are (state, action).
      budget: squared distance on the buffer that is free.
      multiplier: mu, price of leaving it.
      steps, learning_rate: ascent by Adam.
    """
    fitted = values(body, network, x)

    def loss(copy, _):
        now = values(body, copy, x)
        promise = jnp.sum(jnp.mean(jnp.max(now.reshape(now.shape[0], states, -1), axis=-1), axis=-1))
        distance = jnp.sum(visits * (now - fitted) ** 2)
        return -promise + multiplier * jnp.maximum(distance - budget, 0.0)

    optimiser = nn.adam(learning_rate)
    ascent, _ = nn.descend(nn.start(network, optimiser), jnp.arange(steps), loss=loss, optimiser=optimiser)
    return values(body, ascent.params, x)
