"""GradDrop: its mean over draws."""

import jax
import jax.numpy as jnp
import numpy as np

from mtrl.descent import graddrop
from tests.descent.fixtures import J2
from tests.helpers import assert_close, assert_mean


def test_expectation_is_purity_times_each_sign():
    """`E d = P pos + (1 - P) neg` per entry (Chen et al. 2020); 4,000 draws, four entries, false-alarm rate below 1e-3 in all."""

    def draw(key):
        made = graddrop(tasks=3, key=key)
        return made.update(jnp.asarray(J2), made.init(None))[0]

    drawn = np.asarray(jax.jit(jax.vmap(draw))(jax.random.split(jax.random.key(1), 4000)))
    positive, negative = np.maximum(J2, 0).sum(0), np.minimum(J2, 0).sum(0)
    purity = (1 + J2.sum(0) / np.abs(J2).sum(0)) / 2
    for i in range(4):
        assert_mean("entry", drawn[:, i], purity[i] * positive[i] + (1 - purity[i]) * negative[i])


def test_all_leaked_is_the_sum():
    made = graddrop(tasks=3, leak=1.0)
    assert_close("sum", made.update(jnp.asarray(J2), made.init(None))[0], J2.sum(0), rtol=1e-14)
