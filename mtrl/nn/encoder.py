"""Transformer encoder layer (Vaswani et al. 2017), shared by PatchTST and iTransformer."""

import flax.linen as nn
import jax
from jaxtyping import Array, Float


class LayerNorm(nn.LayerNorm):
    """Flax's, which itself mixes dtypes, against strict dtype promotion."""

    def __call__(self, x: Float[Array, "*batch width"]) -> Float[Array, "*batch width"]:
        """Normalise the last axis."""
        with jax.numpy_dtype_promotion("standard"):
            return super().__call__(x)


class EncoderLayer(nn.Module):
    """Self-attention over the last-but-one axis, then a two-layer map, each with residual, dropout and LayerNorm after the sum.

    PatchTST's published code normalises with batch statistics; LayerNorm is used here because batch statistics would be a state outside
    the parameters.

    Attributes:
      heads: attention heads; divides the width.
      hidden: width of the two-layer map.
      dropout: rate.
    """

    heads: int
    hidden: int
    dropout: float = 0.0

    @nn.compact
    def __call__(
        self, x: Float[Array, "*batch token width"], train: bool = False
    ) -> Float[Array, "*batch token width"]:
        """Tokens to tokens."""
        width, dtype = x.shape[-1], x.dtype
        drop = nn.Dropout(self.dropout, deterministic=not train)
        attention = nn.MultiHeadDotProductAttention(self.heads, param_dtype=dtype, name="attention")
        with jax.numpy_dtype_promotion("standard"):  # Flax divides by the root of a whole number
            attended = attention(x)
        x = LayerNorm(param_dtype=dtype)(x + drop(attended))
        hidden = drop(nn.gelu(nn.Dense(self.hidden, param_dtype=dtype)(x)))
        return LayerNorm(param_dtype=dtype)(x + drop(nn.Dense(width, param_dtype=dtype)(hidden)))
