"""The network of neural multitask LSVI: a shared body with a linear last layer of width k, and one linear head per task."""

from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from mtrl.numerics.types import PRNGKey, Scalar


class Body(nn.Module):
    """`phi_W`: one tanh layer, then a linear layer of width k."""

    hidden: int
    rank: int
    dtype: Any

    @nn.compact
    def __call__(self, x: Float[Array, "*batch dim"]) -> Float[Array, "*batch rank"]:
        """Features of raw inputs."""
        x = nn.tanh(nn.Dense(self.hidden, param_dtype=self.dtype, dtype=self.dtype)(x))
        return nn.Dense(self.rank, param_dtype=self.dtype, dtype=self.dtype)(x)


def network_init(key: PRNGKey, body: Body, *, tasks: int, dim: int) -> dict[str, Any]:
    """Parameters {"body", "heads"}; heads (task, rank) start at N(0, 1/k)."""
    body_key, head_key = jax.random.split(key)
    heads = jax.random.normal(head_key, (tasks, body.rank), body.dtype) / jnp.sqrt(jnp.asarray(body.rank, body.dtype))
    return {"body": body.init(body_key, jnp.zeros((1, dim), body.dtype)), "heads": heads}


def network_values(body: Body, params: dict[str, Any], x: Float[Array, "cell dim"]) -> Float[Array, "task cell"]:
    """`f_i(x) = <phi_W(x), theta_i>`."""
    return params["heads"] @ body.apply(params["body"], x).T


def loss(
    body: Body,
    params: dict[str, Any],
    x: Float[Array, "cell dim"],
    visits: Float[Array, "task cell"],
    means: Float[Array, "task cell"],
    decay: Scalar,
) -> Float[Array, ""]:
    """Mean squared error on the buffer plus weight decay.

    `sum n (ybar - f)^2 / sum n + (decay / 2) (||body||^2 + ||heads||^2 / M)`: the heads' decay is divided by M, as every head gets only
    1/M of the gradient of the mean. Pairs (s, a) weighted by visits n with mean target ybar are the buffer itself, up to a constant.
    """
    error = jnp.sum(visits * (means - network_values(body, params, x)) ** 2) / jnp.maximum(jnp.sum(visits), 1.0)
    squares = sum(jnp.sum(leaf**2) for leaf in jax.tree.leaves(params["body"]))
    return error + 0.5 * decay * (squares + jnp.sum(params["heads"] ** 2) / means.shape[0])
