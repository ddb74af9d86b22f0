"""FAMO: weights normalise the log-losses' gradient, and move towards the task that falls least."""

import jax
import jax.numpy as jnp
import numpy as np

from mtrl.descent import weightings
from tests.helpers import assert_close

LOSSES = np.array([[1.0, 4.0, 2.0], [0.5, 3.9, 1.0], [0.4, 2.0, 0.9], [0.41, 1.9, 0.3], [0.3, 1.0, 0.25]])


def literal(losses, rate, decay, floor):
    """Algorithm 1 of Liu et al. 2023 with Adam (.9, .999) in a loop: the weights of every step, the first logits being 0."""
    xi, first, second, given = np.zeros(losses.shape[1]), 0.0, 0.0, []
    for t, gap in enumerate(losses - floor):
        z = np.exp(xi) / np.exp(xi).sum()
        if t:
            slope = (np.diag(z) - np.outer(z, z)) @ np.log(losses[t - 1] - floor) - (
                np.diag(z) - np.outer(z, z)
            ) @ np.log(gap)
            slope += decay * xi
            first, second = 0.9 * first + 0.1 * slope, 0.999 * second + 0.001 * slope**2
            xi = xi - rate * first / (1 - 0.9**t) / (np.sqrt(second / (1 - 0.999**t)) + 1e-8)
            z = np.exp(xi) / np.exp(xi).sum()
        given.append(z / gap / (z / gap).sum())
    return np.array(given)


def test_weights_are_those_of_the_algorithm():
    """At equal logits `w = (1/L) / sum(1/L)`; afterwards the loop, in which the slower task gains."""
    made = weightings.famo(tasks=3, rate=0.1, decay=0.02, floor=0.1)
    given = np.asarray(jax.lax.scan(lambda s, L: made.update(L, s)[::-1], made.init(), jnp.asarray(LOSSES))[1])
    gap = LOSSES - 0.1
    assert_close("first", given[0], (1 / gap[0]) / (1 / gap[0]).sum(), rtol=1e-12)
    assert_close("all", given, literal(LOSSES, 0.1, 0.02, 0.1), rtol=1e-10)
    share = given[1] * gap[1] / (given[1] * gap[1]).sum()
    assert share[1] > 1 / 3 > share[0], "the second loss fell least, the first and third most"
