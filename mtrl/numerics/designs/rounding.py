"""From real shares to whole numbers: water-filling of a floor and largest remainders, both without loops."""

import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from mtrl.numerics.types import Scalar


def largest_remainder(quotas: Float[Array, " task"], total: Scalar) -> Int[Array, " task"]:
    """Whole numbers that sum to `total`: quotas rounded down, what is left goes to the largest remainders.

    Args:
      quotas: non-negative, summing to `total` up to rounding.
      total: whole number (may be traced).

    Returns:
      Counts; ties go to the task with the smaller index.
    """
    base = jnp.floor(quotas)
    order = jnp.argsort(-(quotas - base), stable=True)
    place = jnp.zeros(order.shape, jnp.int32).at[order].set(jnp.arange(order.size, dtype=jnp.int32))
    left = jnp.asarray(total).astype(jnp.int32) - jnp.sum(base.astype(jnp.int32), dtype=jnp.int32)
    # `left` is 0..tasks-1 in exact arithmetic; floor division also covers quotas that missed the total by rounding.
    return base.astype(jnp.int32) + left // order.size + (place < left % order.size).astype(jnp.int32)


def water_fill(shares: Float[Array, " task"], total: Scalar, floor: Scalar) -> Float[Array, " task"]:
    """Quotas `max(scale * share_t, floor)` with the one scale for which they sum to `total`.

    Tasks whose proportional part is under the floor are set to it; the rest divide what is left in proportion to their
    shares. With the shares sorted, the tasks above the floor are a prefix: its length is found from prefix sums.

    Args:
      shares: non-negative, any scale; all zero means equal quotas.
      total: at least `tasks * floor` (check on the host: below it some quota is under the floor).
      floor: smallest quota, >= 0.
    """
    tasks, dtype = shares.shape[0], shares.dtype
    total, floor = jnp.asarray(total).astype(dtype), jnp.asarray(floor).astype(dtype)
    top = jnp.max(shares)
    normal = shares / jnp.where(top > 0, top, 1)  # no overflow or underflow, whatever the scale of the shares
    sorted_shares = -jnp.sort(-normal)
    free = total - jnp.arange(tasks - 1, -1, -1).astype(dtype) * floor
    scales = free / jnp.cumsum(sorted_shares)  # the scale if exactly the m largest stand above the floor
    above = jnp.sum(scales * sorted_shares >= floor)
    scale = scales[jnp.maximum(above, 1) - 1]
    filled = jnp.maximum(jnp.where(normal > 0, scale * normal, 0), floor)
    return jnp.where(top > 0, filled, total / tasks)


def apportion(shares: Float[Array, " task"], total: Scalar, floor: Scalar) -> Int[Array, " task"]:
    """Whole numbers proportional to `shares`, none under `floor`, summing to `total` exactly.

    The floor is water-filled first (`water_fill`), then largest remainders: ([.5, .3, .2, 0], 101, floor 3) gives
    [49, 29, 20, 3]. Precondition: `total >= tasks * floor`.
    """
    return largest_remainder(water_fill(shares, total, floor), total)
