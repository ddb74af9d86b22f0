"""The convolutional representation of the MNIST-C experiments: two convolutions with pooling, dense to K features."""

from collections.abc import Sequence

import flax.linen as nn
from jaxtyping import Array, Float


class ConvNet(nn.Module):
    """`x -> phi(x)` in R^K: (3x3 convolution, ReLU, 2x2 max pooling) twice, then a dense layer.

    Attributes:
      features: K.
      channels: of the two convolutions; 16 and 32 at full size.
    """

    features: int
    channels: Sequence[int] = (16, 32)

    @nn.compact
    def __call__(self, x: Float[Array, "sample row column"]) -> Float[Array, "sample feature"]:
        """Representation of pictures; their dtype is kept."""
        hidden = x[..., None]
        for width in self.channels:
            hidden = nn.Conv(width, (3, 3), dtype=x.dtype, param_dtype=x.dtype)(hidden)
            hidden = nn.max_pool(nn.relu(hidden), (2, 2), strides=(2, 2))
        hidden = hidden.reshape(hidden.shape[0], -1)
        return nn.Dense(self.features, dtype=x.dtype, param_dtype=x.dtype)(hidden)
