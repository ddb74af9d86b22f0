"""The Gramian from pieces."""

import jax.numpy as jnp
import numpy as np

from mtrl.descent import combine, cosines, gramian
from tests.descent.fixtures import J2
from tests.helpers import assert_close


def test_gramian_and_sum_of_a_pytree():
    tree = {"w": jnp.asarray(J2[:, :3]).reshape(3, 1, 3), "b": jnp.asarray(J2[:, 3])}
    assert_close("gramian", gramian(tree), J2 @ J2.T, rtol=1e-14)
    total = combine(tree, jnp.array([1.0, 2, 3]))
    assert_close("sum", np.append(total["w"][0], total["b"]), np.array([1.0, 2, 3]) @ J2, rtol=1e-14)


def test_cosines_with_a_zero_gradient():
    found = cosines(jnp.array([[4.0, 0, 2], [0, 0, 0], [2, 0, 1]]))
    assert_close("cosines", found, np.array([[1.0, 0, 1], [0, 0, 0], [1, 0, 1]]), rtol=1e-14)
