"""Shear, scale, rotation and translation: each output pixel reads the input at the inverse map, bilinearly, zero outside."""

import jax
import numpy as np
from jaxtyping import Float

from mtrl.numerics.types import PRNGKey

Images = Float[np.ndarray, "image 28 28"]
CENTRE = 13.5


def warp(images: np.ndarray, matrix: np.ndarray, shift: np.ndarray | float = 0.0) -> np.ndarray:
    """Bilinear sampling at `matrix (p - centre) + centre + shift` for every output position p = (row, column).

    Args:
      images: (image, 28, 28).
      matrix: (image, 2, 2) or (2, 2), inverse map.
      shift: (image, 2) or a number, in pixels.
    """
    count = len(images)
    grid = np.stack(np.meshgrid(np.arange(28.0), np.arange(28.0), indexing="ij")) - CENTRE
    matrix = np.broadcast_to(matrix, (count, 2, 2))
    shift = np.broadcast_to(shift, (count, 2))
    position = np.einsum("nij,jrc->nirc", matrix, grid) + CENTRE + shift[:, :, None, None]
    low = np.floor(position).astype(int)
    part = position - low
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1)))  # zero outside
    image = np.arange(count)[:, None, None]
    result = np.zeros_like(images)
    for row_step in (0, 1):
        for column_step in (0, 1):
            row, column = low[:, 0] + row_step, low[:, 1] + column_step
            weight = np.where(row_step, part[:, 0], 1 - part[:, 0]) * np.where(column_step, part[:, 1], 1 - part[:, 1])
            result += weight * padded[image, np.clip(row + 1, 0, 29), np.clip(column + 1, 0, 29)]
    return np.clip(result, 0, 1)


def _signs(key: PRNGKey, shape: tuple[int, ...]) -> np.ndarray:
    return np.asarray(jax.random.rademacher(key, shape)).astype(float)


def shear(key: PRNGKey, images: Images, angle: float = 0.4) -> Images:
    """Inverse map `(row, column) -> (cos(s) row, column - sin(s) row)` about the centre, s = +-0.4 rad."""
    s = angle * _signs(key, (len(images),))
    zero, one = np.zeros_like(s), np.ones_like(s)
    return warp(images, np.stack([np.stack([np.cos(s), zero], -1), np.stack([-np.sin(s), one], -1)], 1))


def scale(key: PRNGKey | None, images: Images, factor: float = 0.7) -> Images:
    """Shrink to 0.7 of the size: inverse map 1/0.7 about the centre."""
    del key
    return warp(images, np.eye(2) / factor)


def rotate(key: PRNGKey, images: Images, angle: float = 0.4) -> Images:
    """Rotate about the centre by +-0.4 rad."""
    s = angle * _signs(key, (len(images),))
    return warp(images, np.stack([np.stack([np.cos(s), np.sin(s)], -1), np.stack([-np.sin(s), np.cos(s)], -1)], 1))


def translate(key: PRNGKey, images: Images, pixels: float = 3.0) -> Images:
    """Shift by +-3 pixels along each axis, zeros move in."""
    return warp(images, np.eye(2), pixels * _signs(key, (len(images), 2)))
