"""Few samples of many features: the working sets against the plain search, scikit-learn and the gap taken by hand."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.linear_model import Lasso, MultiTaskLasso

from mtrl.numerics.moments import moments
from mtrl.representation.convex import penalties
from mtrl.representation.convex.cross_validation import warm_path
from mtrl.representation.convex.elastic import elastic
from mtrl.representation.convex.feature_selection import feature_selection, feature_selection_max
from mtrl.representation.convex.max_norm import max_norm, max_norm_max
from mtrl.representation.convex.quadratic import data_term, data_term_of_rows, data_term_shared_design
from mtrl.representation.convex.single_task import lasso, lasso_max
from mtrl.representation.convex.solver import fit_norm, relative_gap
from mtrl.representation.convex.working_set import buffers
from tests.helpers import assert_close

TASKS, SAMPLES, DIM, SPARSE = 3, 24, 70, 4
EXACT = 1e-13


@functools.cache
def data():
    """Tasks of one design, four features of 70 used, noise .1."""
    keys = jax.random.split(jax.random.key(5), 3)
    x = jax.random.normal(keys[0], (SAMPLES, DIM))
    weights = jnp.zeros((DIM, TASKS)).at[jnp.arange(SPARSE) * 9].set(jax.random.normal(keys[1], (SPARSE, TASKS)))
    return x, (x @ weights).T + 0.1 * jax.random.normal(keys[2], (TASKS, SAMPLES))


@functools.cache
def term():
    """Rows, which are fewer than the features."""
    return data_term_shared_design(*data())


@functools.cache
def path(fit):
    return jax.jit(lambda term, lams: warm_path(functools.partial(fit, gap=EXACT), term, lams))


def test_buffers_grow_and_end_with_every_row():
    assert buffers(63) == (63,)
    assert buffers(70) == (32, 70)
    assert buffers(1000) == (32, 64, 128, 512, 1000)


LAMS = np.array([0.5, 0.2, 0.01])  # of the largest; the last one uses more rows than the smaller buffer holds


def test_a_path_of_l21_is_scikit_learns_through_all_buffers():
    x, y = (np.asarray(part) for part in data())
    assert term().rows is not None
    lams = LAMS * float(feature_selection_max(term()))
    weights, gaps = path(feature_selection)(term(), jnp.asarray(lams))
    assert float(jnp.max(gaps)) <= EXACT
    used = np.sum(np.any(np.asarray(weights) != 0, axis=2), axis=1)
    assert used[0] < 16 and used[-1] > 16
    for lam, found, gap in zip(lams, weights, gaps, strict=True):
        sk = MultiTaskLasso(alpha=lam, fit_intercept=False, tol=1e-13, max_iter=100000).fit(x, y.T)
        assert_close("MultiTaskLasso", found, sk.coef_.T, 1e-5)
        by_hand = relative_gap(term(), penalties.rows(lam), found)
        assert_close("gap", gap, by_hand, 0.0, atol=1e-14)


def test_a_path_of_the_lasso_is_scikit_learns_for_every_task():
    x, y = (np.asarray(part) for part in data())
    lams = LAMS[:2] * float(lasso_max(term()))
    weights, gaps = path(lasso)(term(), jnp.asarray(lams))
    assert float(jnp.max(gaps)) <= EXACT
    for lam, found in zip(lams, weights, strict=True):
        for task in range(TASKS):
            sk = Lasso(alpha=lam, fit_intercept=False, tol=1e-14, max_iter=100000).fit(x, y[task])
            assert_close("Lasso", found[:, task], sk.coef_, 1e-5)


@pytest.mark.parametrize(
    ("fit", "penalty", "top"), [(max_norm, penalties.row_maxima, max_norm_max), (elastic, None, feature_selection_max)]
)
def test_other_sums_over_rows_reach_the_gap_of_the_whole(fit, penalty, top):
    lams = jnp.asarray(LAMS[:2]) * top(term())
    weights, gaps = path(fit)(term(), lams)
    assert float(jnp.max(gaps)) <= EXACT
    moment = data_term(moments(jnp.broadcast_to(data()[0], (TASKS, SAMPLES, DIM)), data()[1]))
    alone = elastic(moment, lams[1], gap=EXACT) if penalty is None else fit_norm(moment, penalty(lams[1]), gap=EXACT)
    assert_close("in one piece", weights[1], alone.weights, 1e-5)


def test_tasks_of_their_own_designs_and_lanes_of_a_batch():
    """Own designs as rows and as moments, alone and as lanes, which go in turn."""
    x = jax.random.normal(jax.random.key(1), (TASKS, SAMPLES, DIM))
    y = jnp.einsum("tnd,d->tn", x[:, :, :SPARSE], jnp.ones(SPARSE))
    rows, stacked = data_term_of_rows(x, y), data_term(moments(x, y))
    assert rows.rows is not None
    fit = jax.jit(jax.vmap(lambda term, lam: feature_selection(term, lam, gap=EXACT), in_axes=(None, 0)))
    lams = jnp.asarray([0.5, 0.3])
    ours, theirs = fit(rows, lams), fit(stacked, lams)
    assert bool(jnp.all(ours.converged))
    assert_close("rows and moments", ours.weights, theirs.weights, 1e-6)
    plain = fit_norm(stacked, penalties.rows(lams[1]), gap=EXACT)
    assert_close("plain", ours.weights[1], plain.weights, 1e-6)


def test_numbers_that_are_none_show():
    means = term().means
    lost = feature_selection(term()._replace(means=means._replace(cross=means.cross.at[1, 2].set(jnp.nan))), 0.1)
    assert not bool(lost.converged)
    assert bool(jnp.isnan(lost.gap)) and bool(jnp.any(jnp.isnan(lost.weights)))
    assert not bool(feature_selection(term(), 0.01, iterations=10).converged)
