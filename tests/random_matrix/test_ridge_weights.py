"""Weights from Gram matrices against the solver with leverages, for unequal tasks, several outputs and both zero couplings."""

import jax.numpy as jnp
import numpy as np
import pytest

from mtrl.random_matrix.data import pack
from mtrl.random_matrix.ridge import fit_star
from mtrl.random_matrix.ridge_weights import fit_weights
from tests.helpers import assert_close


@pytest.mark.parametrize("gamma, lam", [((0.5, 2.0, 1.0), 0.7), ((0.5, 0.0, 1.0), 3.0), ((0.5, 2.0, 1.0), 0.0)])
def test_equals_the_full_solver(gamma, lam):
    rng = np.random.default_rng(1)
    counts = (9, 14, 5)
    data = pack([rng.normal(size=(n, 6)) for n in counts], [rng.normal(size=(n, 2)) for n in counts])
    ours = fit_weights(data, gamma=jnp.asarray(gamma), lam=lam)
    assert_close("weights", ours, fit_star(data, gamma=jnp.asarray(gamma), lam=lam).W, rtol=1e-11)
