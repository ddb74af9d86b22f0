import numpy as np

from mtrl.representation.active.corruptions.noise import impulse_noise, shot_noise
from tests.helpers import assert_mean


def test_shot_noise_law(key):
    """P(count = 0, 1, 2, 3 or more) of Poisson(3 x), pixel by pixel."""
    for level in (0.0, 0.3, 1.0):
        counts = np.rint(3 * shot_noise(key, np.full((20, 28, 28), level))).ravel()
        rate = 3 * level
        law = np.exp(-rate) * np.array([1, rate, rate**2 / 2])
        seen = counts[:, None] == np.arange(4)
        if level == 0:
            assert np.all(counts == 0)
        else:
            assert_mean(f"shot noise at {level}", seen, [*law, 1 - law.sum()])


def test_impulse_noise_rates(key):
    noisy = impulse_noise(key, np.full((20, 28, 28), 0.5)).ravel()
    assert set(np.unique(noisy)) == {0.0, 0.5, 1.0}
    assert_mean("salt and pepper", np.stack([noisy == 0, noisy == 1], 1), [0.085, 0.085])
