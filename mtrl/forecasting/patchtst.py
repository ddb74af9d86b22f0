"""PatchTST (Nie et al. 2023): each channel alone is cut into overlapping patches, which are the tokens of a Transformer encoder."""

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Float

from mtrl.nn.encoder import EncoderLayer


class PatchTST(nn.Module):
    """Trunk: patches of 16 with stride 8 after repeating the last value 8 times, linear embedding plus learned positions, encoder, flatten.

    Default sizes are the published ones for the small ETT sets. Deviations: LayerNorm for BatchNorm, learned positions start at zero,
    dropout after attention and inside the two-layer map only.
    """

    patch: int = 16
    stride: int = 8
    width: int = 16
    heads: int = 4
    hidden: int = 128
    layers: int = 3
    dropout: float = 0.3

    @nn.compact
    def __call__(self, x: Float[Array, "*batch task dim"], train: bool = False) -> Float[Array, "*batch task feature"]:
        """(..., task, L) -> (..., task, patches * width)."""
        dtype = x.dtype
        padded = jnp.pad(x, [(0, 0)] * (x.ndim - 1) + [(0, self.stride)], mode="edge")
        starts = jnp.arange(0, padded.shape[-1] - self.patch + 1, self.stride)
        patches = padded[..., starts[:, None] + jnp.arange(self.patch)]
        positions = self.param("positions", nn.initializers.zeros, (starts.shape[0], self.width), dtype)
        tokens = nn.Dense(self.width, param_dtype=dtype)(patches) + positions
        for _ in range(self.layers):
            tokens = EncoderLayer(self.heads, self.hidden, self.dropout)(tokens, train)
        return tokens.reshape(*tokens.shape[:-2], -1)
