"""Pixel noise."""

import jax
import numpy as np
from jaxtyping import Float

from mtrl.numerics.keys import split_named
from mtrl.numerics.types import PRNGKey


def shot_noise(
    key: PRNGKey, images: Float[np.ndarray, "image 28 28"], photons: int = 3
) -> Float[np.ndarray, "image 28 28"]:
    """`Poisson(3 x) / 3`, clipped to [0, 1].

    Three photons and more are white, so the count is drawn as `min(count, 3)` by inversion of one uniform.
    """
    draw = np.asarray(jax.random.uniform(key, images.shape, np.float32))
    rate = photons * images
    term = np.exp(-rate)
    below, counts = term.copy(), np.zeros_like(images)
    for k in range(1, photons + 1):
        counts += draw >= below  # the count is at least k
        term = term * rate / k
        below += term
    return counts / photons


def impulse_noise(
    key: PRNGKey, images: Float[np.ndarray, "image 28 28"], rate: float = 0.17
) -> Float[np.ndarray, "image 28 28"]:
    """Salt and pepper: a fraction 0.17 of the pixels, each white or black with equal chance."""
    keys = split_named(key, "where", "salt")
    hit = np.asarray(jax.random.bernoulli(keys["where"], rate, images.shape))
    salt = np.asarray(jax.random.bernoulli(keys["salt"], 0.5, images.shape))
    return np.where(hit, salt.astype(images.dtype), images)
