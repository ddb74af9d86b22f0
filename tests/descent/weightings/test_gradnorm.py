"""GradNorm: the gradient with a constant target, the fixed point, what it asks for."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from mtrl.descent import weightings
from mtrl.descent.weightings import gradnorm_objective
from tests.helpers import assert_close


def test_target_is_a_constant():
    v, norms, rates = jnp.array([1.0, 2.0]), jnp.array([3.0, 1.0]), jnp.array([0.5, 1.5])

    def literal(v, target):
        return jnp.abs(2 * v / v.sum() * norms - target).sum()

    n = 2 * v / v.sum() * norms
    expected = jax.grad(literal)(v, n.mean() * rates**1.5)
    assert_close("slope", jax.grad(gradnorm_objective)(v, norms, rates, alpha=1.5), expected, rtol=1e-12)


def test_equal_rates_end_at_equal_weighted_norms():
    made = weightings.gradnorm(tasks=2, optimiser=optax.sgd(0.01))
    norms = jnp.array([4.0, 1.0])

    def step(state, _):
        weights, state = made.update(jnp.array([1.0, 1.0]), state, norms=norms)
        return state, weights

    weights = jax.lax.scan(step, made.init(), length=2000)[1][-1]
    assert_close("weighted norms", weights * norms, np.full(2, 1.6), atol=0.1)
    assert_close("sum", weights.sum(), 2.0, rtol=1e-12)


def test_asks_for_norms():
    made = weightings.gradnorm(tasks=2)
    with pytest.raises(ValueError, match="last shared layer"):
        made.update(jnp.ones(2), made.init())
