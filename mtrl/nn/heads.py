"""One linear head per task on the features of a shared body: `f_i(x) = <phi_W(x), theta_i>`."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from mtrl.numerics.errors import BadInput
from mtrl.numerics.types import PRNGKey, Scalar


class Network(NamedTuple):
    """Weights of a shared body and its heads."""

    body: Any  # W, Flax parameters of the body
    heads: Float[Array, "task rank"]  # theta_i


def draw_heads(
    key: PRNGKey, *, tasks: int, rank: int, scale: Scalar | None = None, dtype: Any = float
) -> Float[Array, "task rank"]:
    """Gaussian heads with standard deviation `scale`; by default 1/sqrt(k), so that values have the size of a feature."""
    normal = jax.random.normal(key, (tasks, rank), dtype)
    return normal / jnp.sqrt(jnp.asarray(rank, dtype)) if scale is None else jnp.asarray(scale, dtype) * normal


def own_values(
    heads: Float[Array, "head rank"], features: Float[Array, "task *point rank"]
) -> Float[Array, "task *point"]:
    """Values of points that each task has to itself.

    Raises:
      BadInput: the features have another number of tasks than the heads.
    """
    if features.shape[0] != heads.shape[0] or features.shape[-1] != heads.shape[-1]:
        raise BadInput(f"features of shape {features.shape} do not fit heads (task, rank) of shape {heads.shape}")
    return jnp.einsum("tk,t...k->t...", heads, features)


def picked_values(
    heads: Float[Array, "task rank"], features: Float[Array, "sample rank"], task: Int[Array, " sample"]
) -> Float[Array, " sample"]:
    """Values of pooled samples, each under the head of its own task."""
    return jnp.sum(features * heads[task], axis=-1)


def all_values(heads: Float[Array, "task rank"], features: Float[Array, "point rank"]) -> Float[Array, "task point"]:
    """Values of the same points under every head."""
    return heads @ features.T
