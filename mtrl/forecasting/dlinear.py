"""DLinear (Zeng et al. 2023): two linear maps, on the moving average of the window and on what it leaves."""

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Float

from mtrl.nn.bodies import mean_pool


def trend_and_remainder(x: Float[Array, "*batch dim"], width: int = 25) -> Float[Array, "*batch twice"]:
    """Moving average of odd `width` with the edges repeated, then the remainder, side by side (2L features)."""
    half = (width - 1) // 2
    edges = [(0, 0)] * (x.ndim - 1) + [(half, width - 1 - half)]
    padded = jnp.pad(x, edges, mode="edge")
    trend = mean_pool(padded[..., None], (width,), (1,))[..., 0]
    return jnp.concatenate([trend, x - trend], axis=-1)


class DLinear(nn.Module):
    """Trunk without parameters: a linear head on its features is the sum of the two maps of DLinear.

    With a head per channel this is DLinearU (the maps of the channels are the tasks). With one shared head it is the published DLinear,
    trained on all channels jointly, which stands as DLinearM; the multitask paper does not define its DLinearM further.
    """

    width: int = 25

    @nn.compact
    def __call__(self, x: Float[Array, "*batch task dim"], train: bool = False) -> Float[Array, "*batch task feature"]:
        """(..., task, L) -> (..., task, 2L)."""
        return trend_and_remainder(x, self.width)
