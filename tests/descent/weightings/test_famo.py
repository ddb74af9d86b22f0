"""FAMO: weights normalise the log-losses' gradient, and move towards the task that falls least."""

import jax.numpy as jnp
import numpy as np

from mtrl.descent import weightings
from tests.helpers import assert_close


def test_first_weights_and_direction_of_change():
    """At equal logits `w = (1/L) / sum(1/L)`; afterwards the slower task gains (Liu et al. 2023, algorithm 1)."""
    made = weightings.famo(tasks=2)
    first, state = made.update(jnp.array([1.0, 4.0]), made.init())
    assert_close("first", first, np.array([0.8, 0.2]), rtol=1e-12)
    _, state = made.update(jnp.array([0.5, 3.9]), state)
    assert state.logits[1] > state.logits[0]
