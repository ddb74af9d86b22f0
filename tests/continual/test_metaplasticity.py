"""The metaplastic gate and step."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from mtrl import continual
from mtrl.continual.metaplasticity import gate
from mtrl.numerics.errors import BadInput
from tests.helpers import assert_close


def test_only_shrinking_steps_are_gated():
    w, update = jnp.array([2.0, 2.0, -2.0, -2.0]), jnp.array([-0.1, 0.1, -0.1, 0.1])
    held = 1 - np.tanh(1.35 * 2) ** 2
    assert np.allclose(gate(w, update, 1.35), [held, 1.0, 1.0, held])


def test_step_is_the_straight_through_gradient(key):
    batch = continual.Batch(jax.random.uniform(key, (6, 5)), jnp.array([0, 1, 2, 0, 1, 2]))
    meta = continual.metaplasticity(widths=(5, 3), optimiser=optax.sgd(0.1), consolidation=1.35)
    state = meta.init(key, batch)
    (after,) = meta.step(key, state, batch)[0].fields
    (w,) = state.fields
    scores = continual.binary_forward([jnp.sign(w)], batch.x)
    gradient = (jax.nn.softmax(scores) - jax.nn.one_hot(batch.label, 3)).T @ batch.x / 5**0.5
    shrinks = gradient * jnp.sign(w) > 0
    written = w - 0.1 * gradient * jnp.where(shrinks, 1 - jnp.tanh(1.35 * w) ** 2, 1.0)
    assert_close("metaplastic step", after, written, 1e-12)


def test_bad_input():
    with pytest.raises(BadInput, match="consolidation got -1"):
        continual.metaplasticity(widths=(3, 2), optimiser=optax.sgd(0.1), consolidation=-1.0)
