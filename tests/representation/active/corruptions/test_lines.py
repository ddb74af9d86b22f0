import jax
import numpy as np

from mtrl.numerics.keys import split_named
from mtrl.representation.active.corruptions.lines import dotted_line, stroke, zigzag, zigzag_points


def test_stroke_profile():
    drawn = stroke(np.array([[0.0, 10.0]]), np.array([[27.0, 10.0]]))[0]
    np.testing.assert_allclose(drawn[10, :27], 1.0)
    np.testing.assert_allclose(drawn[11, 5], np.log(1 - 1 / 2.3) + 1)
    assert drawn[12, 5] == 0 and np.all(drawn[:, 27] == 0)  # log(1 - 2/2.3) + 1 < 0; last column is cut


def test_dotted_line_columns(key):
    drawn = dotted_line(key, np.zeros((50, 28, 28)))
    lit = drawn.max((0, 1)) > 0
    expected = np.isin(np.arange(28) % 4, (2, 3))
    expected[27] = False
    np.testing.assert_array_equal(lit, expected)
    full = dotted_line(key, np.ones((2, 28, 28)))
    assert np.all(full == 1)


def test_zigzag_corners():
    points = zigzag_points(10.0, 10.0)  # level: length 23, teeth at 2, 6, ..., 22
    np.testing.assert_allclose(points[0], [2, 10])
    np.testing.assert_allclose(points[1:-1, 0], 2 + np.arange(2, 23, 4))
    np.testing.assert_allclose(points[1:-1, 1], 10 + 2 * (-1.0) ** np.arange(6))
    np.testing.assert_allclose(points[-1], [25, 10 - 2 / (2 * 3)])


def test_zigzag_is_drawn_between_its_ends(key):
    drawn = zigzag(key, np.zeros((60, 28, 28)))
    assert np.all(drawn[:, :, :2] == 0) and np.all(drawn.max((1, 2)) > 0.8)
    assert len({tuple(np.argwhere(one > 0.5)[0]) for one in drawn}) > 5  # random places


def test_zigzag_of_one_image_is_the_strokes_between_its_corners(key):
    """Start uniform on 0..26, rise uniform on -5..4; every stroke is added and clipped before the next."""
    keys = split_named(key, "first", "rise")
    first = np.asarray(jax.random.randint(keys["first"], (6,), 0, 27)).astype(float)
    rise = np.asarray(jax.random.randint(keys["rise"], (6,), -5, 5)).astype(float)
    drawn = zigzag(key, np.zeros((6, 28, 28)))
    for one, r0, step in zip(drawn, first, rise, strict=True):
        points, expected = zigzag_points(r0, r0 + step), np.zeros((28, 28))
        for left, right in zip(points, points[1:], strict=False):
            if right[0] > left[0]:
                expected = np.clip(expected + stroke(left[None], right[None])[0], 0, 1)
        np.testing.assert_allclose(one, expected, atol=1e-9)
