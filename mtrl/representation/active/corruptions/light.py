"""Changes of the grey values: identity, brightness, stripe, fog."""

import jax
import numpy as np
from jaxtyping import Float

from mtrl.numerics.types import PRNGKey

Images = Float[np.ndarray, "image 28 28"]


def identity(key: PRNGKey, images: Images) -> Images:
    """Unchanged."""
    del key
    return images.copy()


def brightness(key: PRNGKey, images: Images, shift: float = 0.5) -> Images:
    """`x + 0.5`, clipped to [0, 1]."""
    del key
    return np.clip(images + shift, 0, 1)


def stripe(key: PRNGKey, images: Images) -> Images:
    """Columns 0-6 and 21-27 become `1 - x`."""
    del key
    result = images.copy()
    result[:, :, :7] = 1 - result[:, :, :7]
    result[:, :, 21:] = 1 - result[:, :, 21:]
    return result


def plasma(key: PRNGKey, count: int, *, size: int = 256, decay: float = 1.4, wibble: float = 100.0) -> np.ndarray:
    """Diamond-square maps (count, size, size), each scaled to [0, 1].

    Starts from one corner at 0 on a torus. At step s the centres of the squares, then the edge midpoints, become the mean
    of their four neighbours plus `wibble * U(-wibble, wibble)`; then s halves and wibble is divided by `decay`.
    """
    maps = np.zeros((count, size, size), np.float32)
    step = size
    # 65536 draws an image: NumPy's generator, seeded by the key, is far quicker here than the counter-based one.
    generator = np.random.Generator(np.random.SFC64(np.asarray(jax.random.key_data(key)).tolist()))

    def wibbled(total: np.ndarray) -> np.ndarray:
        draws = generator.random(total.shape, np.float32)
        draws -= 0.5
        draws *= 2 * wibble * wibble
        total *= 0.25
        total += draws
        return total

    while step >= 2:
        half = step // 2
        corners = maps[:, ::step, ::step]
        below = corners + np.roll(corners, -1, axis=1)
        maps[:, half::step, half::step] = wibbled(below + np.roll(below, -1, axis=2))
        centres = maps[:, half::step, half::step]
        along_rows = centres + np.roll(centres, 1, axis=1) + corners + np.roll(corners, -1, axis=2)
        maps[:, ::step, half::step] = wibbled(along_rows)
        along_columns = centres + np.roll(centres, 1, axis=2) + corners + np.roll(corners, -1, axis=1)
        maps[:, half::step, ::step] = wibbled(along_columns)
        step, wibble = half, wibble / decay
    low = maps.min(axis=(1, 2), keepdims=True)
    return (maps - low) / (maps.max(axis=(1, 2), keepdims=True) - low)


def fog(key: PRNGKey, images: Images, density: float = 3.0, chunk: int = 16) -> Images:
    """`(x + 3 p) max(x) / (max(x) + 3)`, clipped; p is the 28x28 corner of a 256x256 plasma map.

    The map is scaled to [0, 1] before it is cropped. Images go in chunks to bound memory.
    """
    result = np.empty_like(images)
    for first in range(0, len(images), chunk):
        part = images[first : first + chunk]
        haze = plasma(jax.random.fold_in(key, first), len(part))[:, :28, :28]
        top = part.max(axis=(1, 2), keepdims=True)
        result[first : first + chunk] = np.clip((part + density * haze) * top / (top + density), 0, 1)
    return result
