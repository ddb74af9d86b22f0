import numpy as np
from scipy import ndimage

from mtrl.representation.active.corruptions.affine import rotate, scale, shear, translate, warp


def reference(image, matrix, shift=0.0):
    """SciPy's own bilinear resampling."""
    offset = 13.5 - matrix @ np.full(2, 13.5) + shift
    return ndimage.affine_transform(image, matrix, offset, order=1, mode="grid-constant")


def test_warp_equals_scipy():
    image = np.random.default_rng(0).random((28, 28))
    matrix = np.array([[1.1, 0.3], [-0.2, 0.8]])
    np.testing.assert_allclose(warp(image[None], matrix, 1.3)[0], reference(image, matrix, 1.3), atol=1e-12)


def test_each_map(key):
    image = np.random.default_rng(1).random((28, 28))
    images = np.broadcast_to(image, (12, 28, 28)).copy()
    c, s = np.cos(0.4), np.sin(0.4)
    maps = {
        rotate: [np.array([[c, g * s], [-g * s, c]]) for g in (1, -1)],
        shear: [np.array([[c, 0], [-g * s, 1]]) for g in (1, -1)],
        scale: [np.eye(2) / 0.7],
    }
    for corruption, matrices in maps.items():
        options = np.stack([reference(image, m) for m in matrices])
        found = corruption(key, images)
        distance = np.abs(found[:, None] - options).max((2, 3))
        assert np.all(distance.min(1) < 1e-12), corruption.__name__
        assert len(np.unique(distance.argmin(1))) == len(matrices)  # both signs occur


def test_translate_shifts_by_three(key):
    spot = np.zeros((40, 28, 28))
    spot[:, 14, 10] = 1.0
    moved = translate(key, spot)
    places = {tuple(np.argwhere(one > 0.999)[0] - (14, 10)) for one in moved}
    assert places == {(3, 3), (3, -3), (-3, 3), (-3, -3)}
    edge = np.ones((4, 28, 28))
    assert np.all(translate(key, edge).sum((1, 2)) == 25 * 25)  # zeros move in


def test_scale_shrinks(key):
    square = np.zeros((1, 28, 28))
    square[0, 4:24, 4:24] = 1.0
    area = scale(key, square).sum()
    assert abs(area / 400 - 0.49) < 0.02
