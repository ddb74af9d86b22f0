import jax
import numpy as np
import pytest

from mtrl.numerics.errors import BadInput
from mtrl.representation.active.corruptions import CORRUPTIONS, corrupt

NAMES = (
    "identity shot_noise impulse_noise glass_blur motion_blur shear scale rotate brightness translate stripe fog spatter "
    "dotted_line zigzag canny_edges"
).split()
RANDOM = set(NAMES) - {"identity", "scale", "brightness", "stripe", "canny_edges"}


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).random((3, 28, 28)).astype(np.float32)


def test_the_sixteen_names_in_order():
    assert list(CORRUPTIONS) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_range_dtype_and_randomness(name, images):
    before = images.copy()
    first, again, other = (corrupt(jax.random.key(k), images, name) for k in (0, 0, 1))
    assert first.shape == images.shape and first.dtype == np.float32
    assert first.min() >= 0 and first.max() <= 1 and np.all(np.isfinite(first))
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(images, before)  # the input is left alone
    assert np.array_equal(first, other) != (name in RANDOM)
    assert np.array_equal(first, images) == (name == "identity")


def test_bad_input(images):
    with pytest.raises(BadInput, match="unknown corruption 'fogg'; did you mean fog.*canny_edges"):
        corrupt(jax.random.key(0), images, "fogg")
    with pytest.raises(BadInput, match="must be floats"):
        corrupt(jax.random.key(0), (255 * images).astype(np.uint8), "fog")
    with pytest.raises(BadInput, match=r"must be in \[0, 1\]; divide"):
        corrupt(jax.random.key(0), 255 * images, "fog")
    with pytest.raises(BadInput, match="shape"):
        corrupt(jax.random.key(0), images[0], "fog")
    with pytest.raises(BadInput, match=r"in \[0, 1\]"):
        corrupt(jax.random.key(0), np.full((1, 28, 28), np.nan), "fog")
