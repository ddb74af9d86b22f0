import jax.numpy as jnp

from mtrl.random_matrix import coupling
from mtrl.random_matrix.regression import (
    fit_dual,
    fit_shared_centre,
)
from tests.helpers import assert_close
from tests.random_matrix.regression_fixtures import random_data


def test_huge_lam_by_the_dual_form():
    """lam = 1e9 with n < d: both forms finite and alike to the conditioning of the problem."""
    data, gamma = random_data(20, (5, 9)), jnp.array([0.7, 1.6])
    dual, star = fit_dual(data, B=coupling(gamma, 1e9)), fit_shared_centre(data, gamma=gamma, lam=1e9)
    assert_close("residual", star.residual, dual.residual, rtol=1e-4)
