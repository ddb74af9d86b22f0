"""Means over many rows in blocks of fixed size, so that memory does not grow with the rows."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int


def padded_chunks(
    rows: Int[Array, " sample"], chunk: int
) -> tuple[Int[Array, "block chunk"], Float[Array, "block chunk"]]:
    """Rows in blocks of fixed size; the last is padded by repeats of weight 0."""
    n = rows.shape[0]
    blocks = -(-n // chunk)
    index = jnp.arange(blocks * chunk)
    weight = (index < n).astype(jnp.float32).reshape(blocks, chunk)
    return rows[jnp.minimum(index, n - 1)].reshape(blocks, chunk), weight


def mean_over_rows(
    measure: Callable[[Int[Array, " sample"]], Any], rows: Int[Array, " sample"], *, chunk: int = 128
) -> Any:
    """Mean of `measure(rows)` (sample, ...) over all rows, none dropped, `chunk` of them at a time."""
    blocks, weights = padded_chunks(rows, min(chunk, rows.shape[0]))

    def add(total, block):
        values = measure(block[0])
        return total + jnp.tensordot(block[1].astype(values.dtype), values, 1), None

    one = jax.eval_shape(measure, blocks[0])
    return jax.lax.scan(add, jnp.zeros(one.shape[1:], one.dtype), (blocks, weights))[0] / rows.shape[0]
