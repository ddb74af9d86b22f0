import hypothesis
import hypothesis.strategies as st
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import linalg

from mtrl.numerics.linalg import elimination
from tests.helpers import assert_close


def spd(key, dim, batch=()):
    """Smallest eigenvalue at least .1."""
    a = jax.random.normal(key, (*batch, dim, dim + 2))
    return a @ a.mT + 0.1 * jnp.eye(dim)


def large(key, dim):
    """Pivots of 1e12, of which no digit may be lost."""
    return 1e12 * spd(key, dim)


def coupled(key, dim):
    """`I + B diag(k)`: B of rank one, k over six orders of magnitude."""
    b = jax.random.normal(key, (dim,))
    return jnp.eye(dim) + jnp.outer(b, b) * jnp.logspace(-3, 3, dim)


def contraction(key, dim):
    """`I - M`, M >= 0 of spectral radius .99."""
    M = jax.random.uniform(key, (dim, dim))
    return jnp.eye(dim) - 0.99 * M / jnp.max(jnp.abs(jnp.linalg.eigvals(M)))


@hypothesis.given(
    st.integers(0, 10**6), st.sampled_from([1, 2, 3, 5, 8, 9]), st.sampled_from([spd, large, coupled, contraction])
)
def test_matches_scipy(seed, dim, kind):
    """Within 1e-9 relative, at condition numbers up to about 1e6; dim 9 takes LAPACK."""
    matrix = kind(jax.random.key(seed), dim)
    right = jax.random.normal(jax.random.key(seed + 1), (dim, 2))
    assert_close("solution", elimination.solve(matrix, right), linalg.solve(matrix, right), 1e-9)
    assert_close("inverse", elimination.inverse(matrix), linalg.inv(matrix), 1e-9)


@pytest.mark.parametrize("fn", [elimination.solve, lambda matrix, right: elimination.inverse(matrix) @ right])
def test_batches_and_gradients(fn):
    """A batch is its members one by one; derivatives are those of LAPACK's solution."""
    matrix, right = spd(jax.random.key(0), 4, (3, 5)), jax.random.normal(jax.random.key(1), (3, 5, 4, 2))
    singly = np.stack([[fn(m, r) for m, r in zip(*row, strict=True)] for row in zip(matrix, right, strict=True)])
    assert_close("batch", fn(matrix, right), singly, 1e-12)
    ours = jax.grad(lambda m: jnp.sum(jnp.sin(fn(m, right))))(matrix)
    theirs = jax.grad(lambda m: jnp.sum(jnp.sin(jnp.linalg.solve(m, right))))(matrix)
    assert_close("gradient", ours, theirs, 1e-9)


def test_zero_pivot_is_not_finite():
    """No silent repair of a matrix that is not of the kinds allowed."""
    assert not np.any(np.isfinite(elimination.solve(jnp.array([[0.0, 1.0], [1.0, 0.0]]), jnp.ones((2, 1)))))
