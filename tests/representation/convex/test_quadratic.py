import jax
import jax.numpy as jnp
import numpy as np
import pytest

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
    assert_close("curvature", L.curvature(term()), np.mean(np.asarray(x) ** 2), 1e-10)


def test_the_guess_and_the_bound_enclose_the_largest_eigenvalue():
    x, y = data()
    for form in (term(), few_samples()):
        guess, most = L.largest_eigenvalue(form, steps=200)
        largest = np.max(np.linalg.eigvalsh(np.asarray(L.hessians(form))))
        assert_close("power iteration", guess, largest, 1e-6)
        assert largest <= float(most)
        assert float(L.largest_eigenvalue(form)[0]) <= largest * (1 + 1e-12)


def few_samples(shared=False):
    """Two samples of six features, kept as rows."""
    x, y = data(shared)
    if shared:
        return L.data_term_shared_design(x[0, :2], y[:, :2])
    return L.data_term_of_rows(x[:, :2], y[:, :2])


@pytest.mark.parametrize("shared", [False, True])
def test_rows_give_what_their_moments_give(shared):
    x, y = data(shared)
    rows, stacked = L.with_ridge(few_samples(shared), 0.3), L.with_ridge(L.data_term(moments(x[:, :2], y[:, :2])), 0.3)
    assert rows.rows is not None
    weights = jax.random.normal(jax.random.key(9), (6, 5))
    for use in (L.value, L.gradient, L.task_errors):
        assert_close(use.__name__, use(rows, weights), use(stacked, weights), 1e-12)
    for use in (L.hessians, L.total_hessian, L.curvature):
        assert_close(use.__name__, use(rows), use(stacked), 1e-12)
    index = jnp.array([4, 1, 2])
    some = jnp.zeros((6, 5)).at[index].set(weights[index])
    for form in (rows, stacked):
        half = L.image(form, weights[index], index)
        assert_close("part", L.gradient_at(form, half, weights[index], index), L.gradient(stacked, some), 1e-12)
        part = L.restrict(form, index)
        ours, whole = L.gradient(part, weights[index]), L.gradient(stacked, some)
        assert_close("restricted", ours, whole[index], 1e-12)


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("more", [0.0, 0.3])
def test_few_samples_are_solved_in_the_dual(shared, more):
    """The closed forms on 2 samples of 6 features from their rows are those on the (dim, dim) Gram matrices."""
    x, y = data(shared)
    rows, stacked = (
        L.with_ridge(few_samples(shared), more),
        L.with_ridge(L.data_term(moments(x[:, :2], y[:, :2])), more),
    )
    few = L.restrict(rows, jnp.arange(2))
    assert L.dual(rows, 0.1) is not None and L.dual(stacked, 0.1) is None and L.dual(few, 0.1) is None
    fits = {
        "ridge": lambda term: ridge(term, 1e-3),
        "mean-regularised": lambda term: mean_regularised(term, 0.3, mu=1e-3),
        "no pull": lambda term: mean_regularised(term, 0.0, mu=0.1),
        "pooled": lambda term: pooled_ridge(term, 1e-3),
    }
    for name, fit in fits.items():
        found = fit(rows)
        assert_close(name, found.weights, fit(stacked).weights, 1e-10)
        assert bool(found.converged) and float(found.gap) < 1e-18


def test_a_part_keeps_its_rows_where_a_gram_matrix_does_not_pay_for_its_tasks():
    """80 of 100 features of 50 samples of one design: rows for one task, moments for six."""
    x = jnp.ones((1, 50, 100))
    for tasks, rows in ((1, True), (6, False)):
        part = L.restrict(L.data_term_shared_design(x[0], jnp.ones((tasks, 50)), rows=True), jnp.arange(80))
        assert (part.rows is not None) == rows != L.gram_pays(50, 80, tasks)


def test_a_mask_leaves_rows_out():
    x, y = data()
    mask = jnp.arange(2)[None] < jnp.array([2, 1, 1, 2, 1])[:, None]
    ours, moment = L.data_term_of_rows(x[:, :2], y[:, :2], mask), L.data_term(moments(x[:, :2], y[:, :2], mask))
    weights = jax.random.normal(jax.random.key(9), (6, 5))
    assert_close("gradient", L.gradient(ours, weights), L.gradient(moment, weights), 1e-12)
    assert_close("errors", L.task_errors(ours, weights), L.task_errors(moment, weights), 1e-12)


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
