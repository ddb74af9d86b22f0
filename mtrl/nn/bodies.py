"""Bodies `phi_W` that tasks share: of vectors and whole pictures (optional convolutions, dense layers), and of every pixel of a picture."""

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from mtrl.numerics.checks import check_choice
from mtrl.numerics.errors import BadInput


def mean_pool(x: Float[Array, "*shape"], window: tuple[int, ...], strides: tuple[int, ...]) -> Float[Array, "*pooled"]:
    """Means over windows of the axes before the last, without padding; Flax's own divides by an integer, against strict dtype promotion."""
    return nn.pool(x, 0.0, jax.lax.add, window, strides, "VALID") / math.prod(window)


class Body(nn.Module):
    """`phi: (*batch, D) -> (*batch, k)`; parameters and features keep the dtype of the inputs, initialisation is Flax's default.

    `Body(features=k, hidden=(128,))` is a multilayer perceptron, `Body(features=k)` an affine map, and
    `Body(features=k, channels=(16, 32))` a ConvNet on pictures.

    Attributes:
      features: k, width of the linear last layer.
      hidden: widths of the dense layers before it.
      activation: after every convolution and hidden layer.
      channels: of the 3x3 convolutions in front, each followed by `activation` and 2x2 pooling; () for none.
      side: with convolutions, the side of the square pictures that arrive flattened, D = side^2; 0 takes inputs (*batch, row, column).
      pool: "max" or "mean".
    """

    features: int
    hidden: tuple[int, ...] = ()
    activation: Callable[[Array], Array] = jax.nn.relu
    channels: tuple[int, ...] = ()
    side: int = 0
    pool: str = "max"

    if TYPE_CHECKING:  # Flax's own also knows calls that return changed collections; this body has none

        def apply(self, variables: Any, x: Array) -> Array:
            """Features under given parameters."""
            ...

    @nn.compact
    def __call__(self, x: Float[Array, "*batch"]) -> Float[Array, "*features"]:
        """Features of inputs whose last axis (or last two, for pictures) are one example."""
        check_choice("pool", self.pool, ("max", "mean"))
        pool = nn.max_pool if self.pool == "max" else mean_pool
        kinds: dict[str, Any] = dict(dtype=x.dtype, param_dtype=x.dtype)
        if self.channels:
            lead = x.shape[:-1] if self.side else x.shape[:-2]
            x = x.reshape(-1, *((self.side, self.side) if self.side else x.shape[-2:]), 1)
            for width in self.channels:
                x = pool(self.activation(nn.Conv(width, (3, 3), **kinds)(x)), (2, 2), (2, 2))
            x = x.reshape(*lead, -1)
        for width in self.hidden:
            x = self.activation(nn.Dense(width, **kinds)(x))
        return nn.Dense(self.features, **kinds)(x)


class Maps(nn.Module):
    """`phi: (*batch, row, column, c) -> (*batch, row, column, k)`: features of every pixel, for tasks that share a picture.

    The smallest encoder and decoder: convolutions with 2x2 mean pooling on the way down, nearest neighbours and what was pooled on the way
    up. Parameters and features keep the dtype of the inputs, initialisation is Flax's default.

    Attributes:
      features: k, channels of the last layer, a 3x3 convolution without activation.
      channels: of the 3x3 convolutions, each before a pooling; rows and columns must be multiples of `2 ** len(channels)`.
      activation: after every convolution but the last.
    """

    features: int
    channels: tuple[int, ...] = (16, 32)
    activation: Callable[[Array], Array] = jax.nn.relu

    if TYPE_CHECKING:

        def apply(self, variables: Any, x: Array) -> Array:
            """Features under given parameters."""
            ...

    @nn.compact
    def __call__(self, x: Float[Array, "*batch row column channel"]) -> Float[Array, "*batch row column k"]:
        """Features of pictures with channels last.

        Raises:
          BadInput: rows or columns cannot be halved so often.
        """
        kinds: dict[str, Any] = dict(dtype=x.dtype, param_dtype=x.dtype)
        part = 2 ** len(self.channels)
        if any(size % part for size in x.shape[-3:-1]):
            raise BadInput(
                f"pictures of {x.shape[-3]} x {x.shape[-2]} cannot be halved {len(self.channels)} times; crop to multiples of {part}"
            )
        lead, kept = x.shape[:-3], []
        x = x.reshape(-1, *x.shape[-3:])
        for width in self.channels:
            x = self.activation(nn.Conv(width, (3, 3), **kinds)(x))
            kept.append(x)
            x = mean_pool(x, (2, 2), (2, 2))
        for before in reversed(kept):
            x = jnp.repeat(jnp.repeat(x, 2, axis=1), 2, axis=2)
            x = self.activation(nn.Conv(before.shape[-1], (3, 3), **kinds)(jnp.concatenate([x, before], axis=-1)))
        x = nn.Conv(self.features, (3, 3), **kinds)(x)
        return x.reshape(*lead, *x.shape[1:])
