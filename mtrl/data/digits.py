"""The handwritten digits that come with scikit-learn: the embedded stand-in for MNIST."""

import numpy as np


def load_digits() -> tuple[np.ndarray, np.ndarray]:
    """All 1797 images (1797, 8, 8) float64 in [0, 1] (the 0..16 counts over 16) and labels (1797,)."""
    from sklearn import datasets

    pixels, labels = datasets.load_digits(return_X_y=True)
    return np.reshape(pixels, (-1, 8, 8)) / 16.0, np.asarray(labels, np.int64)


def load_digits_28() -> tuple[np.ndarray, np.ndarray]:
    """The digits in MNIST's frame: bilinear to 20x20, zero border of 4, (1797, 28, 28) float32 in [0, 1]."""
    from scipy import ndimage

    images, labels = load_digits()
    # Pixel centres: output pixel i reads input position (i + 1/2) 8/20 - 1/2, clamped at the border.
    position = np.clip((np.arange(20) + 0.5) * 8 / 20 - 0.5, 0, 7)
    grid = np.meshgrid(position, position, indexing="ij")
    large = np.stack([ndimage.map_coordinates(image, grid, order=1) for image in images])
    return np.pad(large, ((0, 0), (4, 4), (4, 4))).astype(np.float32), labels
