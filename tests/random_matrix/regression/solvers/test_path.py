import jax
import jax.numpy as jnp

from mtrl.random_matrix.regression import (
    fit_at,
    fit_shared_centre,
    prepare_path,
)
from tests.helpers import assert_close
from tests.random_matrix.regression_fixtures import random_data


def test_path_over_lam():
    gamma = jnp.array([0.7, 1.6])
    for dim, counts in ((6, (10, 14)), (20, (5, 9))):
        data = random_data(dim, counts)
        path = prepare_path(data, gamma=gamma)
        fits = jax.vmap(lambda lam, path=path: fit_at(path, lam))(jnp.array([0.0, 0.9, 30.0]))
        for i, lam in enumerate((0.0, 0.9, 30.0)):
            direct = fit_shared_centre(data, gamma=gamma, lam=lam)
            for field, a, b in zip(direct._fields[:3], fits, direct, strict=False):
                assert a is not None
                assert_close(f"d {dim} lam {lam} {field}", a[i], b, rtol=1e-11)
