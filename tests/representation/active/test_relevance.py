import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.optimize

from mtrl.numerics.errors import BadInput
from mtrl.representation.active.relevance import (
    keep_largest,
    l1_relevance,
    l1_relevance_exact,
    l2_relevance,
    lasso_relevance,
    lp_relevance,
    priced_l1_relevance_exact,
    random_support,
    single_best,
)
from tests.helpers import assert_close


@pytest.fixture(scope="module")
def instance():
    rng = np.random.default_rng(3)
    return rng.normal(size=(5, 60)), rng.normal(size=5)


def test_l2_is_the_pseudo_inverse(instance):
    heads, head = instance
    found = l2_relevance(jnp.asarray(heads), jnp.asarray(head))
    assert_close("least-norm relevance", found.vector, np.linalg.pinv(heads) @ head, rtol=1e-9)
    assert found.rank == 5 and found.residual < 1e-12


def test_l1_is_a_vertex(instance):
    heads, head = instance
    exact = l1_relevance_exact(heads, head)
    assert np.sum(np.abs(exact) > 1e-10) == 5
    np.testing.assert_allclose(heads @ exact, head, atol=1e-9)
    traced = l1_relevance(jnp.asarray(heads), jnp.asarray(head), iterations=20000)
    assert_close("least-L1 relevance by optimal design", traced.vector, exact, atol=1e-7)


def test_unchanged_by_a_change_of_coordinates(instance):
    heads, head = instance
    change = np.diag([1.0, 5, 0.2, 2, 3]) + 0.3
    for solve in (l1_relevance_exact, lambda a, b: np.asarray(l2_relevance(jnp.asarray(a), jnp.asarray(b)).vector)):
        assert_close("relevance under W -> A W", solve(change @ heads, change @ head), solve(heads, head), atol=1e-8)


def test_target_equal_to_a_source_selects_it():
    heads = np.array([[1.0, 0.4, 0.3], [0.0, 0.6, -0.5]])
    np.testing.assert_allclose(l1_relevance_exact(heads, heads[:, 0]), [1, 0, 0], atol=1e-12)
    traced = l1_relevance(jnp.asarray(heads), jnp.asarray(heads[:, 0])).vector
    np.testing.assert_allclose(traced, [1, 0, 0], atol=1e-8)


def test_norms_between_one_and_two(instance):
    heads, head = map(jnp.asarray, instance)
    solve = jax.jit(lambda p: lp_relevance(heads, head, norm=p, iterations=3000).vector)
    assert_close("p = 2", solve(2.0), np.linalg.pinv(heads) @ head, rtol=1e-9)
    assert_close("p = 1, norm", jnp.abs(solve(1.0)).sum(), np.abs(l1_relevance_exact(*instance)).sum(), rtol=1e-3)
    between = solve(1.5)
    power = jnp.sum(jnp.abs(between) ** 1.5)
    rng = np.random.default_rng(0)
    free = rng.normal(size=(50, 60)) @ (np.eye(60) - np.linalg.pinv(heads) @ np.asarray(heads))  # null space of W
    others = np.sum(np.abs(np.asarray(between) + 1e-3 * free) ** 1.5, axis=1)
    assert np.all(others >= float(power) - 1e-9)  # convex: a local minimum in random feasible directions


def test_unit_prices_give_plain_l1_and_prices_matter(instance):
    heads, head = instance
    plain = l1_relevance_exact(heads, head)
    assert_close("price 1", priced_l1_relevance_exact(heads, head, np.ones(60)), plain, atol=1e-10)
    prices = np.exp(np.random.default_rng(1).normal(size=60))
    priced = priced_l1_relevance_exact(heads, head, prices)
    np.testing.assert_allclose(heads @ priced, head, atol=1e-9)
    assert np.sum(np.sqrt(prices) * np.abs(priced)) < np.sum(np.sqrt(prices) * np.abs(plain))


def test_outside_the_span_is_refused():
    with pytest.raises(BadInput, match=r"not in the span of the source heads \(residual"):
        l1_relevance_exact(np.array([[1.0, 2.0], [0.0, 0.0]]), np.array([1.0, 1.0]))


def test_lasso_relevance_fallback_and_debias(instance):
    heads, head = map(jnp.asarray, instance)
    estimate = jax.jit(lasso_relevance, static_argnames="debias")
    zero = estimate(heads, head, ratio=1.0)
    assert zero.all_zero and not np.any(zero.vector)
    plain, debiased = estimate(heads, head, ratio=0.2), estimate(heads, head, ratio=0.2, debias=True)
    assert not plain.all_zero
    np.testing.assert_array_equal(plain.vector != 0, debiased.vector != 0)
    miss = [jnp.linalg.norm(heads @ x.vector - head) for x in (plain, debiased)]
    assert miss[1] < miss[0]  # shrinkage removed
    assert_close("penalty", plain.penalty, 0.2 * jnp.max(jnp.abs(heads.T @ head)), rtol=1e-9)


def test_selection():
    vector = jnp.array([0.1, -3.0, 2.0, 0.0])
    np.testing.assert_array_equal(keep_largest(vector, 2), [0, -3, 2, 0])
    np.testing.assert_array_equal(single_best(vector), [0, -3, 0, 0])
    chosen = random_support(jax.random.key(0), 10, 4)
    assert chosen.sum() == 4 and not np.array_equal(chosen, random_support(jax.random.key(1), 10, 4))


def test_residual_is_relative_to_the_target():
    heads = jnp.array([[1.0, 2.0], [0.0, 0.0]])
    found = l2_relevance(heads, jnp.array([3.0, 4.0]))
    assert_close("miss", found.residual, 4 / 5, rtol=1e-12)
    assert found.rank == 1


def test_priced_relevance_has_a_dual_certificate(instance):
    """`min sum sqrt(c_t) |nu_t| = max w^T z s.t. |w_t^T z| <= sqrt(c_t)`, the dual by SciPy."""
    heads, head = instance
    prices = np.exp(2 * np.random.default_rng(4).normal(size=60))
    priced = priced_l1_relevance_exact(heads, head, prices)
    rows, limits = np.vstack([heads.T, -heads.T]), np.tile(np.sqrt(prices), 2)
    dual = scipy.optimize.linprog(-head, A_ub=rows, b_ub=limits, bounds=(None, None))
    assert_close("strong duality", np.sum(np.sqrt(prices) * np.abs(priced)), -dual.fun, rtol=1e-9)
    # K = 1: the task of least sqrt(c_t) / |w_t|, here the second, though it is not the one of least c_t / |w_t|.
    one = priced_l1_relevance_exact(np.array([[1.0, 1.5]]), np.ones(1), np.array([1.0, 2.0]))
    np.testing.assert_allclose(one, [0, 2 / 3], atol=1e-12)


def test_ties_go_to_the_smaller_index():
    np.testing.assert_array_equal(keep_largest(jnp.array([1.0, -1, 1, 1]), 2), [1, -1, 0, 0])


def test_not_finite_heads_have_no_relevance():
    heads, head = np.array([[1.0, 2.0, np.nan], [0.0, 1.0, 1.0]]), np.ones(2)
    with pytest.raises(BadInput, match=r"heads holds nan at \(0, 2\)"):
        l1_relevance_exact(heads, head)
    for solve in (l2_relevance, l1_relevance, lasso_relevance):
        assert np.any(np.isnan(jax.jit(solve)(jnp.asarray(heads), jnp.asarray(head)).vector)), solve.__name__
        assert np.any(np.isnan(jax.jit(solve)(jnp.ones((2, 3)), jnp.array([1.0, jnp.nan])).vector)), solve.__name__


def test_lasso_reports_the_gap_it_reached(instance):
    heads, head = map(jnp.asarray, instance)
    assert jax.jit(lasso_relevance)(heads, head).gap <= 1e-11
    rough = jax.jit(lambda a, b: lasso_relevance(a, b, tolerance=0.1))(heads, head)
    assert 1e-11 < rough.gap <= 0.1
