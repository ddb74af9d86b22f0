"""Glass blur and motion blur."""

import jax
import numpy as np
from jaxtyping import Float
from scipy import ndimage

from mtrl.numerics.keys import split_named
from mtrl.numerics.types import PRNGKey

Images = Float[np.ndarray, "image 28 28"]


def gaussian(images: np.ndarray, sigma: float) -> np.ndarray:
    """Gaussian filter of each image, truncated at 4 sigma, border pixels repeated."""
    return ndimage.gaussian_filter(images, (0, sigma, sigma), mode="nearest")


def glass_blur(key: PRNGKey, images: Images, sigma: float = 0.7, reach: int = 1, passes: int = 2) -> Images:
    """Gaussian blur, pixels swapped locally, Gaussian blur.

    Each pass goes over rows and columns 28 - reach .. reach + 1 downwards and with probability 1/2 swaps a pixel with one
    at offset `(dy, dx)`, each uniform on {-reach, ..., reach - 1}.
    """
    count, span = len(images), range(28 - reach, reach, -1)
    keys = split_named(key, "swap", "offset")
    shape = (passes, len(span), len(span), count)
    swap = np.asarray(jax.random.bernoulli(keys["swap"], 0.5, shape))
    step = np.asarray(jax.random.randint(keys["offset"], (2, *shape), -reach, reach, np.int32))
    step = np.where(swap, step[0] * 28 + step[1], 0)  # offset in a flat image
    flat = np.ascontiguousarray(gaussian(images, sigma).reshape(count, -1).T)  # (pixel, image)
    image = np.arange(count)
    for one in range(passes):
        for i, row in enumerate(span):
            for j, column in enumerate(span):  # pixel by pixel, all images at once: later swaps see the earlier ones
                pixel = 28 * row + column
                other = pixel + step[one, i, j]
                here = flat[pixel].copy()
                flat[pixel] = flat[other, image]
                flat[other, image] = here
    return np.clip(gaussian(flat.T.reshape(images.shape), sigma), 0, 1)


def motion_blur(key: PRNGKey, images: Images, radius: int = 10, sigma: float = 3.0, degrees: float = 45.0) -> Images:
    """One-sided kernel `exp(-i^2 / (2 sigma^2))`, i = 0..radius, along an angle uniform on +-45 degrees.

    Offsets are rounded to whole pixels as in the release's image library; border pixels are repeated.
    """
    angle = np.deg2rad(np.asarray(jax.random.uniform(key, (len(images),), minval=-degrees, maxval=degrees)))
    tap = np.arange(radius + 1)
    kernel = np.exp(-(tap**2) / (2 * sigma**2))
    kernel /= kernel.sum()
    rows = np.rint(np.outer(np.sin(angle), tap)).astype(int)
    columns = np.rint(np.outer(np.cos(angle), tap)).astype(int)
    image = np.arange(len(images))[:, None, None]
    grid = np.arange(28)
    result = np.zeros_like(images)
    for i, weight in enumerate(kernel):
        row = np.clip(grid[None, :, None] + rows[:, i, None, None], 0, 27)
        column = np.clip(grid[None, None, :] + columns[:, i, None, None], 0, 27)
        result += weight * images[image, row, column]
    return result
