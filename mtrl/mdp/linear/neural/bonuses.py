"""Three ways for a network to be optimistic on the pairs (s, a) of one stage.

- `last_layer`: ridge heads on the learned features, `<phi, w_i> + alpha ||phi||_{V_i^-1}`; exact in the heads, blind to the body.
- `gradient`: `f_i + alpha sqrt(||dW f_i||^2_{D^-1} + ||phi||^2_{V_i^-1})` with the gradients with respect to the body and the own
  head, both metrics diagonal (NeuralUCB style; Zhou, Li and Gu 2020). D adds up the body's gradients of ALL tasks: it is one body.
- `optimistic_net`: a copy of the network ascends `sum_i mean_s max_a f_i(s,a) - mu relu(sum n (f - fhat)^2 - budget)` by Adam and
  is used once, then thrown away: closest to choosing one optimistic function for all tasks.
"""

from typing import Any

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float

from mtrl.mdp.linear.neural.network import Body, network_values
from mtrl.mdp.linear.ridge import fit_cells
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
    fitted = fit_cells(body.apply(params["body"], x)[None], visits, totals, ridge)
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
    """Network values and a diagonal ellipsoid over the shared body and the own head."""
    head_squares = body.apply(params["body"], x) ** 2  # (cell, rank): the gradient of f_i in its head is phi

    def body_gradient(head, cell):
        return jax.grad(lambda weights: body.apply(weights, cell) @ head)(params["body"])

    gradients = jax.vmap(lambda head: jax.vmap(lambda cell: body_gradient(head, cell))(x))(params["heads"])
    squares = jnp.einsum("ck,mk->mc", head_squares, 1.0 / (ridge + visits @ head_squares))
    for leaf in jax.tree.leaves(gradients):
        each = leaf.reshape(*visits.shape, -1) ** 2  # (task, cell, weight)
        squares = squares + each @ (1.0 / (ridge + jnp.einsum("mc,mcw->w", visits, each)))
    return network_values(body, params, x) + alpha * jnp.sqrt(squares)


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
