"""Mud spatter."""

import jax
import numpy as np
from jaxtyping import Float

from mtrl.numerics.types import PRNGKey
from mtrl.representation.active.corruptions.blur import gaussian


def spatter(
    key: PRNGKey, images: Float[np.ndarray, "image 28 28"], mean: float = 0.65, spread: float = 0.3
) -> Float[np.ndarray, "image 28 28"]:
    """Liquid `Gauss_1(N(0.65, 0.3))`; mask m = `Gauss_1.5(liquid > 0.65)`, below 0.8 set to 0; `x (1 - m) + (63/255) m`."""
    liquid = gaussian(mean + spread * np.asarray(jax.random.normal(key, images.shape)), 1.0)
    mask = gaussian((liquid > mean).astype(float), 1.5)
    mask[mask < 0.8] = 0
    return np.clip(images * (1 - mask) + 63 / 255 * mask, 0, 1)
