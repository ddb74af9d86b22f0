import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from mtrl import nn
from mtrl.numerics.errors import BadInput
from mtrl.optimization import path, toy
from tests.helpers import assert_close
from tests.optimization.worlds import MEAN


def test_mean_reaches_the_optimum_from_the_tie():
    """The second of the five starts lies where both branches meet; 35k steps of Adam in the paper, shorter with longer steps."""
    found = path.descend(optax.chain(MEAN, nn.adam(0.05)), toy.losses, jnp.zeros(2), steps=3000, keep=100)
    assert found.x.shape == (31, 2)
    assert_close("end", found.x[-1], toy.optimum(), 1e-3)
    assert_close("losses", found.losses[-1].mean(), -15.09164, 1e-6)


def test_condition_number():
    """A unit pair at angle phi: sqrt((1 + |cos|)/(1 - |cos|)); orthogonal rows: the ratio of their norms; parallel ones: infinite."""
    phi = 0.7
    pair = jnp.array([[1.0, 0.0], [np.cos(phi), np.sin(phi)]])
    assert_close("pair", path.condition_number(pair), np.sqrt((1 + np.cos(phi)) / (1 - np.cos(phi))), 1e-12)
    assert_close("orthogonal", path.condition_number(jnp.diag(jnp.array([5.0, 2.0]))), 2.5, 1e-12)
    assert path.condition_number(jnp.zeros((2, 2))) == jnp.inf


def test_falling_adam_takes_the_steps_of_adam_times_a_thousandth_in_the_end():
    """Adam's step under a constant gradient is the rate: `rate 1000^(-t / T)` here."""
    rule, slope = path.falling_adam(0.2, 6), jnp.array([3.0, -0.5])
    moves = jax.lax.scan(lambda state, _: rule.update(slope, state)[::-1], rule.init(slope), length=7)[1]
    assert_close("steps", moves, -0.2 * np.outer(1e3 ** (-np.arange(7) / 6), [1, -1]), 1e-6)


def test_keep_divides_the_steps():
    with pytest.raises(BadInput, match="keep got 3, but must divide the 10 steps"):
        path.descend(MEAN, toy.losses, jnp.zeros(2), steps=10, keep=3)
