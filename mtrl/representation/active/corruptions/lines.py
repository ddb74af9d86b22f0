"""Dotted line and zigzag: bright strokes added to the image."""

import jax
import numpy as np
from jaxtyping import Float

from mtrl.numerics.keys import split_named
from mtrl.numerics.types import PRNGKey

Images = Float[np.ndarray, "image 28 28"]
WIDTH = 2.3  # vertical distance at which a stroke has faded


def stroke(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Strokes (image, 28, 28) between points (image, 2) = (column, row), start left of end.

    Profile `clip(log(1 - dist / 2.3) + 1, 0, 1)` of the VERTICAL distance to the line; columns before floor(start) and
    from ceil(end) on are empty.
    """
    grid = np.arange(28.0)
    slope = (end[:, 1] - start[:, 1]) / (end[:, 0] - start[:, 0])
    height = slope[:, None] * (grid - start[:, :1]) + start[:, 1:]  # (image, column)
    distance = np.minimum(np.abs(grid[None, :, None] - height[:, None, :]), WIDTH - 1e-10)
    profile = np.clip(np.log(1 - distance / WIDTH) + 1, 0, 1)
    inside = (grid >= np.floor(start[:, :1])) & (grid < np.ceil(end[:, :1]))
    return profile * inside[:, None, :]


def dotted_line(key: PRNGKey, images: Images) -> Images:
    """A line from (0, r0) to (27, r1), r uniform on {0..26}, of which columns j, j + 1 with j = 2 mod 4 are kept."""
    rows = np.asarray(jax.random.randint(key, (len(images), 2), 0, 27)).astype(float)
    ends = np.zeros(len(images)), np.full(len(images), 27.0)
    line = stroke(np.stack([ends[0], rows[:, 0]], 1), np.stack([ends[1], rows[:, 1]], 1))
    kept = np.arange(28) % 4 >= 2
    return np.clip(images + line * kept, 0, 1)


def zigzag_points(first: float, last: float, half_length: float = 2.0, width: float = 2.0) -> np.ndarray:
    """Corners (corner, 2) = (column, row) of a zigzag of length and width 2 along the line (2, first) to (25, last).

    The last corner follows the release's own formula, `width_i / (2 (d - d_max))`.
    """
    theta = np.arctan((last - first) / 23.0)
    length = 23.0 / np.cos(theta)
    teeth = int((length - half_length) // (2 * half_length)) + 1
    along = [0.0] + [(2 * i + 1) * half_length for i in range(teeth)]
    across = [0.0] + [(-1) ** i * width for i in range(teeth)]
    covered = 2 * half_length * (length // (2 * half_length))
    if length != covered:
        along.append(length)
        across.append(across[-1] / (2 * (length - covered)))
    turn = np.array([[np.cos(theta), -np.sin(theta)], [np.sin(theta), np.cos(theta)]])
    return (turn @ np.array([along, across])).T + np.array([2.0, first])


def zigzag(key: PRNGKey, images: Images) -> Images:
    """A zigzag from r0 uniform on {0..26} to r1 = r0 + {-5..4}, clipped after every stroke."""
    keys = split_named(key, "first", "rise")
    first = np.asarray(jax.random.randint(keys["first"], (len(images),), 0, 27)).astype(float)
    rise = np.asarray(jax.random.randint(keys["rise"], (len(images),), -5, 5)).astype(float)
    result = images.copy()
    for step in range(-5, 5):  # images with the same rise have the same number of corners
        chosen = np.flatnonzero(rise == step)
        corners = zigzag_points(0.0, float(step))
        shifted = corners[None] + np.stack([np.zeros(len(chosen)), first[chosen]], 1)[:, None]
        for i in range(len(corners) - 1):
            left, right = shifted[:, i], shifted[:, i + 1]
            if len(chosen):
                result[chosen] = np.clip(result[chosen] + _ordered_stroke(left, right), 0, 1)
    return result


def _ordered_stroke(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """As in the release, a stroke that does not run to the right draws nothing."""
    if not np.all(right[:, 0] > left[:, 0]):
        return np.zeros((len(left), 28, 28))
    return stroke(left, right)
