"""Equal, random, geometric and Tchebycheff weights are the gradients of what they minimise."""

import jax
import jax.numpy as jnp
import numpy as np

from mtrl.descent import weightings
from tests.helpers import assert_close, assert_mean

LOSSES = jnp.array([0.5, 2.0, 3.0])


def first(made):
    return made.update(LOSSES, made.init())[0]


def test_gradients_of_the_objectives():
    assert_close("EW", first(weightings.equal(tasks=3)), np.ones(3), rtol=1e-15)
    geometric = jax.grad(lambda L: jnp.prod(L) ** (1 / 3))(LOSSES)
    assert_close("GLS", first(weightings.gls(tasks=3)), geometric, rtol=1e-12)
    p = jnp.array([0.2, 0.3, 0.5])
    smooth = jax.grad(lambda L: 0.1 * jax.nn.logsumexp(p * (L - 0.3) / 0.1))(LOSSES)
    assert_close("STCH", first(weightings.stch(tasks=3, mu=0.1, preference=p, ideal=0.3)), smooth, rtol=1e-12)


def test_stch_tends_to_the_largest_weighted_gap():
    weights = first(weightings.stch(tasks=3, mu=1e-3, preference=(0.1, 0.8, 0.1)))
    assert_close("maximum", weights, [0, 0.8, 0], atol=1e-12)


def test_random_weights_sum_to_one_and_are_equal_on_average():
    """2,000 draws; false-alarm rate below 1e-3."""
    made = weightings.rlw(tasks=3, key=jax.random.key(4))
    drawn = jax.lax.scan(lambda s, _: made.update(LOSSES, s)[::-1], made.init(), length=2000)[1]
    assert_close("sum", drawn.sum(1), 1.0, rtol=1e-12)
    assert_mean("mean", np.asarray(drawn[:, 0]), 1 / 3)
