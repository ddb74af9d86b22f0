import jax
import numpy as np

from mtrl.numerics.moments import moments
from mtrl.representation.convex import quadratic as L
from mtrl.representation.convex.feature_selection import feature_selection
from mtrl.representation.convex.mean_regularised import mean_regularised, pooled_ridge
from mtrl.representation.convex.mtfl import mtfl
from mtrl.representation.convex.single_task import ridge
from tests.helpers import assert_close
from tests.representation.convex.fixtures import data, term


def test_value_gradient_and_errors_match_the_rows():
    x, y = data()
    weights = jax.random.normal(jax.random.key(9), (6, 5))
    residual = np.einsum("tnd,dt->tn", x, weights) - y
    assert_close("value", L.value(term(), weights), (residual**2).sum() / 24, 1e-10)
    assert_close("gradient", L.gradient(term(), weights), np.einsum("tnd,tn->dt", x, residual) / 12, 1e-10)
    assert_close("errors", L.task_errors(term(), weights), (residual**2).mean(1), 1e-10)
    assert_close("zero", -term().means.cross.T, L.gradient(term(), 0 * weights), 1e-12)
    largest = max(np.linalg.eigvalsh(np.asarray(x[t].T @ x[t]))[-1] / 12 for t in range(5))
    assert_close("Lipschitz", term().lipschitz, largest, 1e-10)
    assert_close("curvature", L.curvature(term()), np.mean(np.asarray(x) ** 2), 1e-10)


def test_unequal_tasks_are_means_over_their_own_samples():
    x, y = data()
    mask = np.arange(12)[None] < np.array([12, 3, 7, 9, 5])[:, None]
    ours = L.data_term(moments(x, y, jax.numpy.asarray(mask)))
    errors = L.task_errors(ours, np.zeros((6, 5)) + 0.0 * x[0, 0, 0])
    assert_close("means", errors, [np.mean(np.asarray(y[t])[mask[t]] ** 2) for t in range(5)], 1e-12)


def test_one_design_needs_one_hessian():
    """Every use of the compact form equals that of the stacked one."""
    x, y = data(shared=True)
    stacked, compact = term(shared=True), L.data_term_shared_design(x[0], y)
    assert compact.means.gram.shape == (1, 6, 6)
    weights = jax.random.normal(jax.random.key(9), (6, 5))
    for use in (L.value, L.gradient, L.task_errors):
        assert_close(use.__name__, use(compact, weights), use(stacked, weights), 1e-12)
    for use in (L.hessians, L.curvature):
        assert_close(use.__name__, use(compact), use(stacked), 1e-12)
    fits = {
        "ridge": lambda term: ridge(term, 0.1),
        "mean-regularised": lambda term: mean_regularised(term, 0.3, mu=0.1),
        "l2,1": lambda term: feature_selection(term, 0.1),
        "MTFL": lambda term: mtfl(term, 0.1),
    }
    for name, fit in fits.items():
        assert_close(name, fit(compact).weights, fit(stacked).weights, 1e-9)
    assert_close("pooled", pooled_ridge(compact, 0.1).weights, pooled_ridge(stacked, 0.1).weights, 1e-10)


def test_a_ridge_in_the_data_term_is_rows_more():
    x, y = data()
    more = np.broadcast_to(np.sqrt(12 * 0.3) * np.eye(6), (5, 6, 6))
    rows = np.concatenate([x, more], axis=1), np.concatenate([y, np.zeros((5, 6))], axis=1)
    weights = jax.random.normal(jax.random.key(9), (6, 5))
    ours = L.with_ridge(term(), 0.3)
    assert_close(
        "value", L.value(ours, weights), L.value(term(), weights) + 0.15 * np.sum(np.asarray(weights) ** 2), 1e-10
    )
    longer = moments(*map(jax.numpy.asarray, rows))
    assert_close("rows", L.value(ours, weights), L.value(L.data_term(longer), weights) * 18 / 12, 1e-10)
    assert_close("Lipschitz", ours.lipschitz, term().lipschitz + 0.3, 1e-12)
