import numpy as np

from mtrl.representation.corruptions.spatter import spatter


def test_mud_has_its_grey_and_leaves_the_rest(key):
    black, white = np.zeros((30, 28, 28)), np.ones((30, 28, 28))
    mud, on_white = spatter(key, black), spatter(key, white)
    mask = mud / (63 / 255)
    assert np.all((mask == 0) | ((mask >= 0.8 - 1e-9) & (mask <= 1 + 1e-9)))
    np.testing.assert_allclose(on_white, 1 - mask + 63 / 255 * mask)
    assert 0.05 < np.mean(mask > 0) < 0.5  # symmetric liquid, blurred mask above 0.8: under half
