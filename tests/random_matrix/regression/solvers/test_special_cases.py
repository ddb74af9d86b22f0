import jax.numpy as jnp
import numpy as np
from sklearn.linear_model import Ridge

from mtrl.random_matrix.regression import (
    centre_and_deviations,
    fit_shared_centre,
    independent_ridge,
    least_squares,
    mean_regularised,
    pooled_ridge,
)
from tests.helpers import assert_close
from tests.random_matrix.regression_fixtures import random_data

COUNTS, D = (10, 14), 6
DATA, GAMMA, LAM = random_data(D, COUNTS), jnp.array([0.7, 1.6]), 0.9
WIDE = random_data(9, (5, 7))


def sklearn_ridge(X, y, alpha):
    return np.atleast_2d(Ridge(alpha=alpha, fit_intercept=False, solver="svd").fit(X, y).coef_).T


def test_without_sharing_independent_ridges_of_sklearn():
    ours = fit_shared_centre(DATA, gamma=GAMMA, lam=0.0).W
    assert_close("own baseline", ours, independent_ridge(DATA, gamma=GAMMA), rtol=1e-11)
    for t, n in enumerate(COUNTS):
        theirs = sklearn_ridge(
            np.asarray(DATA.features[t, :n]), np.asarray(DATA.targets[t, :n]), 2 * D / float(GAMMA[t])
        )
        assert_close(f"scikit-learn task {t}", ours[t] / np.sqrt(2 * D), theirs, rtol=1e-10)
    assert_close(
        "wide", fit_shared_centre(WIDE, gamma=GAMMA, lam=0.0).W, independent_ridge(WIDE, gamma=GAMMA), rtol=1e-11
    )


def test_without_task_parts_one_pooled_ridge():
    ours = fit_shared_centre(DATA, gamma=jnp.zeros(2), lam=LAM).W
    X, Y = np.asarray(DATA.features).reshape(-1, D), np.asarray(DATA.targets).reshape(-1, 2)
    assert_close("scikit-learn", ours[1] / np.sqrt(2 * D), sklearn_ridge(X, Y, 2 * D / LAM), rtol=1e-10)
    assert_close("own baseline", ours, pooled_ridge(DATA, lam=LAM), rtol=1e-11)


def test_free_centre():
    ours = mean_regularised(DATA, gamma=GAMMA)
    near = fit_shared_centre(DATA, gamma=GAMMA, lam=1e9)
    assert_close("lam -> inf", near.W, ours, rtol=1e-7)
    V = centre_and_deviations(DATA, near.residual, gamma=GAMMA, lam=1e9).V
    assert float(jnp.max(jnp.abs(jnp.sum(V / GAMMA[:, None, None], 0)))) < 1e-7


def test_ridgeless():
    assert_close(
        "least squares", fit_shared_centre(DATA, gamma=jnp.full(2, 1e10), lam=0.0).W, least_squares(DATA), rtol=1e-7
    )
    ours = least_squares(WIDE)
    assert_close("minimum norm", fit_shared_centre(WIDE, gamma=jnp.full(2, 1e9), lam=0.0).W, ours, rtol=1e-5)
    theirs = np.linalg.lstsq(np.asarray(WIDE.features[0, :5]), np.asarray(WIDE.targets[0, :5]), rcond=None)[0]
    assert_close("numpy lstsq", ours[0] / np.sqrt(18), theirs, rtol=1e-10)
