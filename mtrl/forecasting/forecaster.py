"""A forecaster: instance normalisation, a trunk shared by the channels, and a linear head."""

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Float

from mtrl.forecasting.head import Head

EPSILON = 1e-5  # added to the window's variance, as in the published code


class Forecaster(nn.Module):
    """`head_t(phi_theta(x)_t)` with the normalisation undone on the forecast.

    Attributes:
      trunk: phi_theta, maps (..., task, L) to features (..., task, F); takes (x, train).
      horizon: H.
      head: "multitask" or "shared", see `Head`.
      normalise: forecast deviations from the window's own mean and standard deviation (RevIN, Kim et al. 2022).
      affine: RevIN's learned stretch and shift per channel, undone on the forecast.
    """

    trunk: nn.Module
    horizon: int
    head: str = "multitask"
    normalise: bool = True
    affine: bool = False

    @nn.compact
    def __call__(self, x: Float[Array, "*batch task dim"], train: bool = False) -> Float[Array, "*batch task horizon"]:
        """Forecast the horizon of every channel; `train` switches dropout on, which needs the rng "dropout"."""
        head = Head(self.horizon, self.head, name="head")
        if not self.normalise:
            return head(self.trunk(x, train))
        level = x.mean(-1, keepdims=True)
        scale = jnp.sqrt(x.var(-1, keepdims=True) + EPSILON)
        z = (x - level) / scale
        if not self.affine:
            return head(self.trunk(z, train)) * scale + level
        stretch = self.param("stretch", nn.initializers.ones, (x.shape[-2], 1), x.dtype)
        shift = self.param("shift", nn.initializers.zeros, (x.shape[-2], 1), x.dtype)
        y = head(self.trunk(z * stretch + shift, train))
        return (y - shift) / (stretch + EPSILON**2) * scale + level
