import jax
import numpy as np
from scipy import ndimage

from mtrl.representation.active.corruptions.spatter import spatter


def test_mud_has_its_grey_and_leaves_the_rest(key):
    black, white = np.zeros((30, 28, 28)), np.ones((30, 28, 28))
    mud, on_white = spatter(key, black), spatter(key, white)
    mask = mud / (63 / 255)
    assert np.all((mask == 0) | ((mask >= 0.8 - 1e-9) & (mask <= 1 + 1e-9)))
    np.testing.assert_allclose(on_white, 1 - mask + 63 / 255 * mask)
    assert 0.05 < np.mean(mask > 0) < 0.5  # symmetric liquid, blurred mask above 0.8: under half


def test_mud_is_the_formula_on_its_own_draws(key):
    images = np.random.default_rng(0).random((2, 28, 28))
    draws = np.asarray(jax.random.normal(key, images.shape))
    for one, image, normal in zip(spatter(key, images), images, draws, strict=True):
        liquid = ndimage.gaussian_filter(0.65 + 0.3 * normal, 1.0, mode="nearest")
        mask = ndimage.gaussian_filter((liquid > 0.65).astype(float), 1.5, mode="nearest")
        mask = np.where(mask < 0.8, 0, mask)
        np.testing.assert_allclose(one, image * (1 - mask) + 63 / 255 * mask, atol=1e-12)
