import jax
import numpy as np

from mtrl.numerics.linalg.subspaces import projector
from mtrl.numerics.moments import moments
from mtrl.representation.subspace import alternating_minimisation
from mtrl.representation.subspace.method_of_moments import method_of_moments
from mtrl.representation.subspace.reduced_rank import reduced_rank_regression
from tests.helpers import assert_close


def test_is_the_shared_design_case_of_rank_r_least_squares(key):
    x = jax.random.normal(key, (30, 6))
    truth = jax.random.normal(jax.random.key(1), (6, 2)) @ jax.random.normal(jax.random.key(2), (2, 9))
    y = (x @ truth).T + 0.3 * jax.random.normal(jax.random.key(3), (9, 30))
    closed = reduced_rank_regression(x, y, rank=2)
    many = np.broadcast_to(np.asarray(x), (9, 30, 6))
    data = moments(jax.numpy.asarray(many), y)
    fit = alternating_minimisation(data, method_of_moments(jax.numpy.asarray(many), y, rank=2), iterations=100)
    assert_close("basis", projector(closed.basis), projector(fit.basis), 1e-6)
    assert_close("weights", closed.heads @ closed.basis.T, fit.heads @ fit.basis.T, 1e-6)
    # C V_r V_r^T by NumPy.
    coefficients = np.linalg.lstsq(np.asarray(x), np.asarray(y).T)[0]
    right = np.linalg.svd(np.asarray(x) @ coefficients, full_matrices=False)[2][:2].T
    assert_close("closed form", (closed.heads @ closed.basis.T).T, coefficients @ right @ right.T, 1e-8)
    assert float(closed.residual) < 1e-10
