import jax
import jax.numpy as jnp
import numpy as np
from sklearn.linear_model import Ridge
from sklearn.model_selection import KFold

from mtrl.numerics.moments import fold_moments
from mtrl.representation.classical.cross_validation import cold_path, lam_grid, select_lam, warm_path
from mtrl.representation.classical.feature_selection import feature_selection
from mtrl.representation.classical.single_task import ridge
from tests.helpers import assert_close
from tests.representation.classical.fixtures import DIM, SAMPLES, TASKS, data, loss

LAMS = lam_grid(2.0, points=6, ratio=1e-2)


def folds():
    x, y = data()
    fold = jnp.broadcast_to(jnp.arange(SAMPLES) // 4, (TASKS, SAMPLES))  # the contiguous folds of KFold
    return fold_moments(x, y, fold, 3)


def test_ridge_errors_match_scikit_learns_folds():
    path = lambda data_term, lams: cold_path(lambda d, lam: ridge(d, lam).weights, data_term, lams)  # noqa: E731
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
    assert_close("refit", chosen.weights, ridge(loss(), chosen.lam).weights, 1e-9)


def test_warm_path_equals_cold_fits():
    def step(data_term, lam, start):
        weights = feature_selection(data_term, lam, start=start, iterations=400).weights
        return weights, weights

    warm = jax.jit(lambda d: warm_path(step, d, LAMS, jnp.zeros((DIM, TASKS))))(loss())
    cold = cold_path(lambda d, lam: feature_selection(d, lam, iterations=2000).weights, loss(), LAMS)
    assert_close("path", warm, cold, 1e-6)
