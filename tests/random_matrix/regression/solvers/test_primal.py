import jax.numpy as jnp
import numpy as np

from mtrl.random_matrix.regression import (
    fit_dual,
    fit_primal,
)
from tests.helpers import assert_close
from tests.random_matrix.regression_fixtures import random_data


def problem():
    F = np.random.default_rng(1).normal(size=(3, 2))
    return random_data(5, (6, 9, 4)), jnp.asarray(F @ F.T)  # a singular coupling with negative entries


def test_any_psd_coupling():
    data, B = problem()
    assert_close("primal", fit_primal(data, B=B).W, fit_dual(data, B=B).W, rtol=1e-12)
