"""Which rows an epoch's updates see: functions of the epoch's key to batches with a leading update axis.

A sampler may return any pytree whose leading axis is the update; `mtrl.nn.descend` hands one entry at a time to the loss. Compose them
freely, e.g. with `jax.random.split(key, updates)` for a dropout key per update.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Int

from mtrl.numerics.types import PRNGKey, Scalar

Sampler = Callable[[PRNGKey], Any]


def with_replacement(rows: Scalar, *, updates: int, batch: int) -> Sampler:
    """Every update draws `batch` of the first `rows` rows uniformly with replacement; `rows` may be traced (a filling buffer)."""

    def sample(key: PRNGKey) -> Int[Array, "update sample"]:
        keys = jax.random.split(key, updates)
        return jax.vmap(lambda k: jax.random.randint(k, (batch,), 0, rows))(keys)

    return sample


def shuffled(rows: Int[Array, " row"], *, updates: int = 0, batch: int) -> Sampler:
    """An epoch passes through the rows in random order.

    Args:
      rows: what is shuffled.
      updates: per epoch; 0 for one pass (the last, smaller batch is dropped). Beyond one pass the same order goes round again.
      batch: rows per update.
    """
    updates = updates or rows.shape[0] // batch
    passes = -(-updates * batch // rows.shape[0])

    def sample(key: PRNGKey) -> Int[Array, "update sample"]:
        order = jnp.tile(jax.random.permutation(key, rows), passes)
        return order[: updates * batch].reshape(updates, batch)

    return sample


def whole(*, updates: int) -> Sampler:
    """Full batches: the loss holds all the data, and what it is given is only the number of the update."""
    return lambda key: jnp.arange(updates)
