import jax.numpy as jnp
import numpy as np

from mtrl.random_matrix.regression import (
    fit_conjugate_gradients,
    fit_dual,
)
from tests.helpers import assert_close
from tests.random_matrix.regression_fixtures import random_data


def problem():
    F = np.random.default_rng(1).normal(size=(3, 2))
    return random_data(5, (6, 9, 4)), jnp.asarray(F @ F.T)  # a singular coupling with negative entries


def test_any_psd_coupling_and_an_error_in_shares_of_the_targets():
    data, B = problem()
    iterative = fit_conjugate_gradients(data, B=B)
    assert_close("conjugate gradients", iterative.W, fit_dual(data, B=B).W, rtol=1e-9)
    assert float(iterative.error) < 1e-11
    stopped = fit_conjugate_gradients(data, B=100 * B, iterations=2)
    assert float(stopped.error) > 1e-3  # an unfinished solve says so
    in_other_units = fit_conjugate_gradients(data._replace(targets=1e3 * data.targets), B=100 * B, iterations=2)
    assert_close("the error is a share of |Y|", in_other_units.error, stopped.error, rtol=1e-9)
