"""Canny edges (Canny 1986, IEEE PAMI 8)."""

import numpy as np
from jaxtyping import Float
from scipy import ndimage

from mtrl.numerics.types import PRNGKey
from mtrl.representation.active.corruptions.blur import gaussian

NEIGHBOURS = np.ones((1, 3, 3), bool)  # 8-connected within an image


def canny_edges(
    key: PRNGKey | None,
    images: Float[np.ndarray, "image 28 28"],
    sigma: float = 1.0,
    low: float = 0.1,
    high: float = 0.2,
) -> Float[np.ndarray, "image 28 28"]:
    """Gaussian filter, Sobel gradient, non-maximum suppression along the gradient, hysteresis; 1 on edges, 0 elsewhere.

    A pixel is a local maximum when its gradient is at least the one interpolated linearly on both sides along the gradient
    direction. Edges are connected sets of maxima above `low` with one above `high`. The outermost pixels never are edges.
    """
    del key
    smooth = gaussian(images, sigma)
    # Not ndimage.sobel, which would also smooth along the image axis and mix neighbouring images.
    difference, blur = (-1, 0, 1), (1, 2, 1)
    down = ndimage.correlate1d(ndimage.correlate1d(smooth, difference, axis=1), blur, axis=2)
    right = ndimage.correlate1d(ndimage.correlate1d(smooth, difference, axis=2), blur, axis=1)
    size = np.hypot(down, right)
    steep = np.abs(down) >= np.abs(right)  # the gradient is nearer to the vertical
    larger, smaller = np.maximum(np.abs(down), np.abs(right)), np.minimum(np.abs(down), np.abs(right))
    weight = smaller / np.where(larger > 0, larger, 1)
    row_sign, column_sign = np.sign(down).astype(int), np.sign(right).astype(int)
    padded = np.pad(size, ((0, 0), (1, 1), (1, 1)))
    image, row, column = np.ogrid[: len(images), 1:29, 1:29]

    def side(sign: int) -> np.ndarray:
        """Gradient size one step along (sign = 1) or against (-1) the gradient."""
        straight = np.where(
            steep, padded[image, row + sign * row_sign, column], padded[image, row, column + sign * column_sign]
        )
        diagonal = padded[image, row + sign * row_sign, column + sign * column_sign]
        return (1 - weight) * straight + weight * diagonal

    peak = (size >= side(1)) & (size >= side(-1))
    inside = np.zeros((28, 28), bool)
    inside[1:-1, 1:-1] = True
    weak = peak & inside & (size >= low)
    strong = weak & (size >= high)
    found = ndimage.label(weak, structure=np.concatenate([0 * NEIGHBOURS, NEIGHBOURS, 0 * NEIGHBOURS]))
    labels = np.asarray(found[0])  # pyright: ignore[reportIndexIssue]
    kept = np.unique(labels[strong])
    return (np.isin(labels, kept) & weak).astype(images.dtype)
