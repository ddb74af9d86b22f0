"""Three ways for a network to be optimistic on the pairs (s, a) of one stage.

- `last_layer`: ridge heads on the learned features, `<phi, w_i> + alpha ||phi||_{V_i^-1}`; exact in the heads, blind to the body.
- `gradient`: `f_i + alpha ||g_i||_{V_i^-1}` with g_i the gradient of f_i with respect to body and own head, V_i diagonal
  (NeuralUCB style; Zhou, Li and Gu 2020).
- `optimistic_net`: a copy of the network ascends `sum_i mean_s max_a f_i(s,a) - mu relu(sum n (f - fhat)^2 - budget)` by Adam and
  is used once, then thrown away: closest to choosing one optimistic function for all tasks.
"""

from typing import Any

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float

from mtrl.mdp.network import Body, network_values
from mtrl.mdp.ridge import fit
from mtrl.numerics.types import Scalar

BONUSES = ("last_layer", "gradient", "optimistic_net")


def last_layer(
    body: Body,
    params: dict[str, Any],
    x: Float[Array, "cell dim"],
    visits: Float[Array, "task cell"],
    totals: Float[Array, "task cell"],
    *,
    alpha: Scalar,
    ridge: Scalar,
) -> Float[Array, "task cell"]:
    """Ridge heads and their ellipsoid on the learned features."""
    fitted = fit(body.apply(params["body"], x)[None], visits, totals, ridge)
    return fitted.values[0] + alpha * jnp.sqrt(fitted.squares[0])


def gradient(
    body: Body,
    params: dict[str, Any],
    x: Float[Array, "cell dim"],
    visits: Float[Array, "task cell"],
    *,
    alpha: Scalar,
    ridge: Scalar,
) -> Float[Array, "task cell"]:
    """Network values and a diagonal ellipsoid over body and own head."""

    def value(both, cell):
        return body.apply(both[0], cell) @ both[1]

    def one_task(head, n):
        gradients = jax.vmap(jax.grad(value), in_axes=(None, 0))((params["body"], head), x)
        squares = sum(
            jnp.sum((g**2 / (ridge + jnp.tensordot(n, g**2, 1))).reshape(n.size, -1), axis=1)
            for g in jax.tree.leaves(gradients)
        )
        return alpha * jnp.sqrt(squares)

    return network_values(body, params, x) + jax.vmap(one_task)(params["heads"], visits)


def optimistic_net(
    body: Body,
    params: dict[str, Any],
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
      body, params, x, visits: the network, its inputs and the buffer.
      states: S; cells are (state, action).
      budget: squared distance on the buffer that is free.
      multiplier: mu, price of leaving it.
      steps, learning_rate: ascent by Adam.
    """
    fitted = network_values(body, params, x)
    optimiser = optax.adam(learning_rate)

    def objective(copy):
        values = network_values(body, copy, x)
        promise = jnp.sum(jnp.mean(jnp.max(values.reshape(values.shape[0], states, -1), axis=-1), axis=-1))
        distance = jnp.sum(visits * (values - fitted) ** 2)
        return -promise + multiplier * jnp.maximum(distance - budget, 0.0)

    def ascend(carry, _):
        copy, momentum = carry
        updates, momentum = optimiser.update(jax.grad(objective)(copy), momentum)
        return (optax.apply_updates(copy, updates), momentum), None

    (copy, _), _ = jax.lax.scan(ascend, (params, optimiser.init(params)), None, length=steps)
    return network_values(body, copy, x)
