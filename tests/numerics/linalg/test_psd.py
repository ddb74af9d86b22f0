import hypothesis
import hypothesis.strategies as st
import jax
import jax.numpy as jnp
import numpy as np
import scipy.linalg

from mtrl.numerics.linalg import psd
from tests.helpers import assert_close


@hypothesis.given(st.integers(0, 10**6), st.integers(1, 5))
def test_roots_and_inverses_match_scipy(seed, rank):
    factor = np.asarray(jax.random.normal(jax.random.key(seed), (5, rank)))
    matrix = jnp.asarray(factor @ factor.T)
    root = psd.sqrt_psd(matrix)
    assert_close("root squared", root @ root, matrix, 1e-10)
    assert_close("pseudo-inverse", psd.pinv_psd(matrix, 1e-10), scipy.linalg.pinvh(factor @ factor.T, rtol=1e-10), 1e-6)
    right = matrix @ jnp.arange(5.0)
    solution, used = psd.solve_psd(matrix, right, 1e-10)
    assert float(used) == rank
    assert_close("solution", matrix @ solution, right, 1e-6)


def test_singular_solve_is_minimum_norm():
    matrix = jnp.diag(jnp.array([2.0, 1.0, 0.0]))
    solution, used = psd.solve_psd(matrix, jnp.array([2.0, 3.0, 5.0]))
    assert_close("minimum norm", solution, [1.0, 3.0, 0.0], 1e-12)
    assert float(used) == 2
    for size in (1e-20, 1e20):  # the cut-off is a share of the largest eigenvalue: units do not matter
        scaled, kept = psd.solve_psd(size * matrix, size * jnp.array([2.0, 3.0, 5.0]))
        assert_close("minimum norm in other units", scaled, [1.0, 3.0, 0.0], 1e-12)
        assert float(kept) == 2
    assert_close("zero matrix", psd.solve_psd(jnp.zeros((3, 3)), jnp.ones(3))[0], np.zeros(3), atol=1e-300)


def test_floor_lifts_the_root():
    assert_close("floor", psd.sqrt_psd(jnp.zeros((2, 2)), floor=4.0), 2 * np.eye(2), 1e-12)
