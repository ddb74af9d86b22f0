import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.model_selection import KFold

from mtrl.numerics.moments import fold_moments
from mtrl.representation.convex.cross_validation import (
    cold_path,
    fold_rows,
    lam_grid,
    select_lam,
    term_of_folds,
    warm_path,
)
from mtrl.representation.convex.feature_selection import feature_selection
from mtrl.representation.convex.mean_regularised import mean_regularised
from mtrl.representation.convex.quadratic import gradient
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


CLOSED = {
    "ridge": lambda term, lams: cold_path(ridge, term, lams),
    "mean-regularised": lambda term, lams: cold_path(lambda d, lam: mean_regularised(d, lam, mu=0.1 * lam), term, lams),
}


@pytest.mark.parametrize("name", [*CLOSED, "l2,1"])
def test_folds_kept_as_rows_choose_what_their_moments_choose(name):
    """Unequal tasks of few samples in 40 dimensions: the same errors of every weight, the same choice, the same weights."""
    dim, samples, most = 40, 11, 10
    x, y = jax.random.normal(jax.random.key(0), (3, samples, dim)), jax.random.normal(jax.random.key(1), (3, samples))
    rank = jnp.argsort(jax.random.uniform(jax.random.key(2), y.shape), axis=1)
    train = rank < jnp.array([[10], [7], [8]])
    path = CLOSED.get(name) or functools.partial(warm_path, functools.partial(feature_selection, gap=1e-13))
    rows = fold_rows(x, y, rank, train, 3, most=most)
    assert rows.x.shape == (3, 3, 4, dim) and int(rows.mask.sum()) == 25 and term_of_folds(rows).rows is not None
    stacked = fold_moments(x, y, jnp.where(train, rank % 3, -1), 3)
    ours, theirs = (jax.jit(lambda folds: select_lam(path, folds, LAMS))(folds) for folds in (rows, stacked))
    assert_close("errors", ours.errors, theirs.errors, 1e-9)
    assert int(ours.index) == int(theirs.index) and float(ours.gap) < 1e-12
    assert_close("weights", ours.weights, theirs.weights, 1e-9)
    zero = jnp.zeros((dim, 3))
    assert_close("all", gradient(term_of_folds(rows), zero), gradient(term_of_folds(stacked), zero), 1e-12)
