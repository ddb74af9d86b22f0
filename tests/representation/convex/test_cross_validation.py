import functools

import jax
import jax.numpy as jnp
import numpy as np
from sklearn.linear_model import Ridge
from sklearn.model_selection import KFold

from mtrl.numerics.moments import fold_moments
from mtrl.representation.convex.cross_validation import cold_path, lam_grid, select_lam, warm_path
from mtrl.representation.convex.feature_selection import feature_selection
from mtrl.representation.convex.single_task import ridge
from tests.helpers import assert_close
from tests.representation.convex.fixtures import SAMPLES, TASKS, data, term

LAMS = lam_grid(2.0, points=6, ratio=1e-2)


def folds():
    x, y = data()
    fold = jnp.broadcast_to(jnp.arange(SAMPLES) // 4, (TASKS, SAMPLES))  # the contiguous folds of KFold
    return fold_moments(x, y, fold, 3)


def test_ridge_errors_match_scikit_learns_folds():
    path = lambda data_term, lams: cold_path(ridge, data_term, lams)  # noqa: E731
    chosen = select_lam(path, folds(), LAMS)
    x, y = (np.asarray(v) for v in data())
    errors = np.zeros(6)
    for k, lam in enumerate(LAMS):
        for train, test in KFold(3).split(x[0]):
            for t in range(TASKS):
                fit = Ridge(alpha=len(train) * float(lam), fit_intercept=False).fit(x[t][train], y[t][train])
                errors[k] += np.mean((fit.predict(x[t][test]) - y[t][test]) ** 2) / (3 * TASKS)
    assert_close("validation errors", chosen.errors, errors, 1e-9)
    assert int(chosen.index) == int(np.argmin(errors))
    assert float(chosen.gap) < 1e-20
    assert_close("refit", chosen.weights, ridge(term(), chosen.lam).weights, 1e-9)


def test_warm_path_equals_cold_fits():
    fit = functools.partial(feature_selection, gap=1e-13)
    warm, gaps = jax.jit(lambda d: warm_path(fit, d, LAMS))(term())
    cold, _ = cold_path(fit, term(), LAMS)
    assert_close("path", warm, cold, 1e-6)
    assert float(jnp.max(gaps)) < 1e-12
