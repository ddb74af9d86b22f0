import jax
import numpy as np

from mtrl.representation.active.corruptions.light import brightness, fog, plasma, stripe


def test_brightness_and_stripe(key):
    images = np.tile(np.linspace(0, 1, 28), (2, 28, 1))
    np.testing.assert_allclose(brightness(key, images), np.minimum(images + 0.5, 1))
    striped = stripe(key, images)
    np.testing.assert_allclose(striped[..., :7], 1 - images[..., :7])
    np.testing.assert_allclose(striped[..., 7:21], images[..., 7:21])
    np.testing.assert_allclose(striped[..., 21:], 1 - images[..., 21:])


def test_plasma_is_diamond_square(key):
    maps = plasma(key, 3)
    np.testing.assert_allclose([maps.min((1, 2)), maps.max((1, 2))], [[0, 0, 0], [1, 1, 1]], atol=1e-6)
    # No noise: the midpoint rule alone keeps a flat map flat; a small one is checked for its structure.
    one = plasma(key, 1, size=2, wibble=10.0)[0]
    assert one.shape == (2, 2) and len(np.unique(one)) >= 3
    assert (
        np.abs(np.diff(maps[0], axis=0)).mean() < 0.5 * np.abs(maps[0] - maps[0].T).mean() + 0.2
    )  # neighbours are alike
    assert not np.allclose(maps[0], maps[1])


def test_fog_formula(key):
    images = np.zeros((3, 28, 28))
    np.testing.assert_array_equal(fog(key, images), images)  # black stays black: the haze is scaled by max(x)
    images[:, 10:, 10:] = 0.8
    hazy = fog(key, images)
    # (x + 3p) m / (m + 3): the difference between the bright part and the haze under it is x m / (m + 3).
    p = hazy * 3.8 / 0.8 / 3 - images / 3
    assert p.min() > -1e-9 and p.max() < 1 + 1e-9
    joined = fog(key, np.repeat(images, 7, axis=0))  # 21 images go in two chunks with different maps
    assert not np.allclose(joined[0], joined[17])


def test_plasma_is_the_literal_recursion(key):
    """Centres, then edges, each the mean of its four neighbours on the torus plus `wibble U(-wibble, wibble)`."""
    size, wibble, step = 8, 10.0, 8
    generator = np.random.Generator(np.random.SFC64(np.asarray(jax.random.key_data(key)).tolist()))
    expected = np.zeros((size, size))
    while step >= 2:
        half, count = step // 2, size // step
        corner = (-half, -half), (-half, half), (half, -half), (half, half)
        side = (-half, 0), (half, 0), (0, -half), (0, half)
        for first, second, around in ((half, half, corner), (0, half, side), (half, 0, side)):
            draws = 2 * generator.random((1, count, count), np.float32)[0] - 1
            for i in range(count):
                for j in range(count):
                    r, c = first + i * step, second + j * step
                    mean = np.mean([expected[(r + a) % size, (c + b) % size] for a, b in around])
                    expected[r, c] = mean + wibble * wibble * draws[i, j]
        step, wibble = half, wibble / 1.4
    expected = (expected - expected.min()) / np.ptp(expected)
    np.testing.assert_allclose(plasma(key, 1, size=size, wibble=10.0)[0], expected, atol=1e-5)
