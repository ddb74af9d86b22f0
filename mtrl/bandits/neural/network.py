"""The shared representation: an MLP or a small ConvNet with a linear last layer of width k, and a table of M heads."""

from typing import Any, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from mtrl.numerics.keys import split_named
from mtrl.numerics.types import PRNGKey


class Body(nn.Module):
    """phi: (..., D_x) -> (..., k)."""

    hidden: tuple[int, ...]
    rank: int
    side: int = 0  # image side of the ConvNet; 0 is the MLP
    channels: int = 16

    @nn.compact
    def __call__(self, x: Array) -> Array:
        """Features of inputs whose last axis is D_x."""
        if self.side:
            lead = x.shape[:-1]
            x = x.reshape(-1, self.side, self.side, 1)
            x = nn.avg_pool(nn.relu(nn.Conv(self.channels, (3, 3), param_dtype=x.dtype)(x)), (2, 2), (2, 2))
            x = x.reshape(*lead, -1)
        for width in self.hidden:
            x = nn.relu(nn.Dense(width, param_dtype=x.dtype)(x))
        return nn.Dense(self.rank, param_dtype=x.dtype)(x)


class Network(NamedTuple):
    """Weights: one body, M heads."""

    body: Any  # Flax parameters of `Body`
    heads: Float[Array, "task rank"]  # theta_i


def network_init(key: PRNGKey, body: Body, tasks: int, dim: int, dtype: Any) -> Network:
    """Flax's default initialisation of the body; heads Gaussian with variance 1 / k."""
    keys = split_named(key, "body", "heads")
    heads = jax.random.normal(keys["heads"], (tasks, body.rank), dtype) / jnp.sqrt(body.rank).astype(dtype)
    return Network(body.init(keys["body"], jnp.zeros((1, dim), dtype)), heads)


def predict(body: Body, network: Network, contexts: Float[Array, "task arm dim"]) -> Float[Array, "task arm"]:
    """`f^(i)(x_{i,a}) = <phi(x_{i,a}), theta_i>`."""
    return jnp.einsum("mak,mk->ma", body.apply(network.body, contexts), network.heads)


def pooled_loss(body: Body, network: Network, x: Array, tasks: Array, targets: Array) -> Float[Array, ""]:
    """Mean squared error over a pooled batch: inputs (sample, dim), task of each, targets (sample,)."""
    features = body.apply(network.body, x)
    return jnp.mean((jnp.sum(features * network.heads[tasks], axis=-1) - targets) ** 2)
