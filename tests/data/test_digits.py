import jax
import numpy as np

from mtrl.data import load_digits, load_digits_28


def test_digits_and_their_frame():
    small, labels = load_digits()
    assert small.shape == (1797, 8, 8) and small.min() == 0 and small.max() == 1
    images, same = load_digits_28()
    np.testing.assert_array_equal(labels, same)
    assert images.shape == (1797, 28, 28) and images.min() >= 0 and images.max() <= 1
    assert not images[:, :4].any() and not images[:, :, 24:].any()
    # bilinear: the mean of an image survives the enlargement
    np.testing.assert_allclose(images[:, 4:24, 4:24].mean((1, 2)), small.mean((1, 2)), atol=0.03)
    # an independent resize with the same pixel centres
    other = jax.image.resize(small[:20], (20, 20, 20), "linear")
    np.testing.assert_allclose(images[:20, 4:24, 4:24], other, atol=1e-6)
