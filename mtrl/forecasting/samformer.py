"""The shallow SAMformer block (Ilbert et al. 2024, ICML, arXiv 2402.10198): one attention over the channels, with a residual."""

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Float


class ChannelAttention(nn.Module):
    """Trunk `x + softmax(Q K^T/sqrt(m)) V`: one head of width m over the channels, V of the width of the window.

    With RevIN before it and a linear head after it this is SAMformer's network; trained with plain gradients it is the paper's
    Transformer, trained with sharpness-aware gradients it is SAMformer.
    """

    width: int = 16

    @nn.compact
    def __call__(self, x: Float[Array, "*batch task dim"], train: bool = False) -> Float[Array, "*batch task dim"]:
        """(..., task, L) -> (..., task, L)."""
        dtype = x.dtype
        query = nn.Dense(self.width, param_dtype=dtype, name="query")(x)
        key = nn.Dense(self.width, param_dtype=dtype, name="key")(x)
        value = nn.Dense(x.shape[-1], param_dtype=dtype, name="value")(x)
        scores = query @ jnp.swapaxes(key, -1, -2) / jnp.sqrt(jnp.asarray(self.width, dtype))
        return x + nn.softmax(scores, axis=-1) @ value
