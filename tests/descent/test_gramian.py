"""The Gramian from pieces."""

import jax
import jax.numpy as jnp
import numpy as np

from mtrl.descent import combine, cosines, gramian
from mtrl.descent.gramian import BLOCK
from tests.descent.fixtures import J2
from tests.helpers import assert_close


def test_gramian_and_sum_of_a_pytree():
    tree = {"w": jnp.asarray(J2[:, :3]).reshape(3, 1, 3), "b": jnp.asarray(J2[:, 3])}
    assert_close("gramian", gramian(tree), J2 @ J2.T, rtol=1e-14)
    total = combine(tree, jnp.array([1.0, 2, 3]))
    assert_close("sum", np.append(total["w"][0], total["b"]), np.array([1.0, 2, 3]) @ J2, rtol=1e-14)


def test_long_leaves_are_summed_in_blocks():
    """More columns than two blocks and a rest, in either type; several Jacobians at once."""
    J = np.random.default_rng(3).normal(size=(2, 3, 2 * BLOCK + 5))
    found = jax.jit(jax.vmap(gramian))(jnp.asarray(J))
    assert_close("blocks", found, np.einsum("btp,bsp->bts", J, J), rtol=1e-12)
    single = J[0].astype(np.float32)
    assert_close("single", gramian(jnp.asarray(single)), single.astype(float) @ single.T.astype(float), rtol=1e-12)


def test_cosines_with_a_zero_gradient():
    found = cosines(jnp.array([[4.0, 0, 2], [0, 0, 0], [2, 0, 1]]))
    assert_close("cosines", found, np.array([[1.0, 0, 1], [0, 0, 0], [1, 0, 1]]), rtol=1e-14)
