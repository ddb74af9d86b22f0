"""UW and IMTL-L: the optimum of s, their identity, weights as gradients."""

import jax
import jax.numpy as jnp
import numpy as np
import optax

from mtrl.descent import weightings
from mtrl.descent.weightings import imtl_l_objective, uw_objective
from tests.helpers import assert_close

LOSSES = jnp.array([0.04, 1.0, 25.0])


def test_inner_optimum_of_uw_is_the_log_loss():
    """`s_t = log L_t`, objective `sum (1 + log L_t) / 2` (Kendall et al. 2018, equation 7)."""
    s = jnp.log(LOSSES)
    assert_close("slope", jax.grad(uw_objective, argnums=1)(LOSSES, s), np.zeros(3), atol=1e-15)
    assert_close("value", uw_objective(LOSSES, s), jnp.sum(1 + s) / 2, rtol=1e-14)
    made = weightings.uw(tasks=3, optimiser=optax.sgd(0.5))
    state = jax.lax.scan(lambda state, _: (made.update(LOSSES, state)[1], None), made.init(), length=300)[0]
    assert_close("learned", state[0], s, atol=1e-6)
    assert_close("weights", made.update(LOSSES, state)[0], 0.5 / LOSSES, rtol=1e-5)


def test_classification_has_no_half():
    made = weightings.uw(tasks=2, classification=(True, False), start=(0.3, 0.3))
    assert_close("weights", made.update(LOSSES[:2], made.init())[0], np.exp(-0.3) * np.array([1, 0.5]), rtol=1e-12)


def test_imtl_l_is_twice_uw_with_s_negated():
    s = jnp.array([0.3, -1.0, 2.0])
    assert_close("identity", imtl_l_objective(LOSSES, s), 2 * uw_objective(LOSSES, -s), rtol=1e-14)
    made = weightings.imtl_l(tasks=3, start=s)
    assert_close("weights", made.update(LOSSES, made.init())[0], jnp.exp(s), rtol=1e-12)
