import jax
import numpy as np
from scipy import ndimage

from mtrl.numerics.keys import split_named
from mtrl.representation.active.corruptions.blur import gaussian, glass_blur, motion_blur
from tests.helpers import assert_mean


def test_gaussian_is_per_image():
    images = np.random.default_rng(0).random((2, 28, 28))
    np.testing.assert_allclose(gaussian(images, 0.7)[1], ndimage.gaussian_filter(images[1], 0.7, mode="nearest"))


def test_glass_blur_moves_pixels_a_little(key):
    flat = np.full((2, 28, 28), 0.3)
    np.testing.assert_allclose(glass_blur(key, flat), flat)  # swaps and blurs leave a flat image
    spot = np.zeros((400, 28, 28))
    spot[:, 14, 14] = 1.0
    blurred = glass_blur(key, spot)
    np.testing.assert_allclose(blurred.sum((1, 2)), 1, rtol=1e-6)  # swapping and blurring keep the total
    far = np.maximum(*np.abs(np.mgrid[:28, :28] - 14)) > 20
    assert np.all(blurred[:, far] == 0)
    assert np.std(blurred[:, 14, 14]) > 0.01  # the swaps are random


def test_glass_blur_swaps_are_a_permutation(key):
    images = np.random.default_rng(1).random((5, 28, 28))
    swapped = glass_blur(key, images, sigma=1e-6)  # a blur of vanishing width
    np.testing.assert_allclose(np.sort(swapped.reshape(5, -1)), np.sort(images.reshape(5, -1)), atol=1e-12)
    np.testing.assert_array_equal(
        swapped[:, 0, 0] != images[:, 0, 0], False
    )  # row and column 0 are out of reach of 2..27
    moved = swapped != images
    assert 0.3 < moved[:, 4:-4, 4:-4].mean() < 1.0


def test_motion_blur_kernel_and_direction(key):
    line = np.zeros((2000, 28, 28))
    line[:, 14, 20] = 1.0
    blurred = motion_blur(key, line)
    tap = np.exp(-(np.arange(11) ** 2) / 18)
    np.testing.assert_allclose(blurred[:, 14, 20], tap[0] / tap.sum(), rtol=1e-6)
    assert np.all(blurred[:, :, 21:] == 0)  # one-sided
    np.testing.assert_allclose(blurred.sum((1, 2)), 1, rtol=1e-6)
    rows = (blurred * np.arange(28)[None, :, None]).sum((1, 2)) - 14
    assert_mean("angles are symmetric", rows, 0.0)


def test_glass_blur_is_the_loop_of_the_release(key):
    """Pixel by pixel downwards, a swap with chance 1/2, later swaps see earlier ones; blurred before and after."""
    image = np.random.default_rng(2).random((28, 28))
    keys = split_named(key, "swap", "offset")
    swap = np.asarray(jax.random.bernoulli(keys["swap"], 0.5, (2, 26, 26, 1)))
    step = np.asarray(jax.random.randint(keys["offset"], (2, 2, 26, 26, 1), -1, 1, np.int32))
    expected = ndimage.gaussian_filter(image, 0.7, mode="nearest")
    for one in range(2):
        for i, h in enumerate(range(27, 1, -1)):
            for j, w in enumerate(range(27, 1, -1)):
                if swap[one, i, j, 0]:
                    dy, dx = step[:, one, i, j, 0]
                    there = h + dy, w + dx
                    expected[h, w], expected[there] = expected[there], expected[h, w]
    expected = np.clip(ndimage.gaussian_filter(expected, 0.7, mode="nearest"), 0, 1)
    np.testing.assert_allclose(glass_blur(key, image[None])[0], expected, atol=1e-12)
