"""iTransformer (Liu et al. 2024): each channel's whole window is one token, and attention runs across the channels."""

import flax.linen as nn
from jaxtyping import Array, Float

from mtrl.nn.encoder import EncoderLayer, LayerNorm


class ITransformer(nn.Module):
    """Trunk: linear embedding of each channel, encoder over the channels, LayerNorm.

    Default sizes are the published ones for ETTh1. Deviation: no tokens for the calendar features.
    """

    width: int = 256
    heads: int = 8
    hidden: int = 256
    layers: int = 2
    dropout: float = 0.1

    @nn.compact
    def __call__(self, x: Float[Array, "*batch task dim"], train: bool = False) -> Float[Array, "*batch task feature"]:
        """(..., task, L) -> (..., task, width)."""
        tokens = nn.Dense(self.width, param_dtype=x.dtype)(x)
        tokens = nn.Dropout(self.dropout, deterministic=not train)(tokens)
        for _ in range(self.layers):
            tokens = EncoderLayer(self.heads, self.hidden, self.dropout)(tokens, train)
        return LayerNorm(param_dtype=x.dtype)(tokens)
