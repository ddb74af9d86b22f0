import jax.numpy as jnp
import numpy as np

from mtrl.random_matrix.regression import (
    fit_dual,
    fit_shared_features,
)
from tests.helpers import assert_close
from tests.random_matrix.regression_fixtures import random_data


def test_shared_design():
    rng = np.random.default_rng(2)
    X, Y = jnp.asarray(rng.normal(size=(8, 5))), jnp.asarray(rng.normal(size=(3, 8)))
    F = rng.normal(size=(3, 2))
    B = jnp.asarray(F @ F.T)
    data = random_data(5, (8, 8, 8))._replace(features=jnp.stack([X] * 3), targets=Y[:, :, None])
    assert_close("two eigendecompositions", fit_shared_features(X, Y, B=B), fit_dual(data, B=B).W[:, :, 0], rtol=1e-12)
