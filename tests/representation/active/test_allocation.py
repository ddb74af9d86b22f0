import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtrl.numerics.errors import BadInput
from mtrl.representation.active.allocation import (
    RULES,
    allocate,
    power_cost_allocation,
    priced_allocation,
    shares,
    step_cost,
    theoretical_l1_counts,
    theoretical_l2_counts,
)
from mtrl.representation.active.relevance import l1_relevance_exact, l2_relevance, priced_l1_relevance_exact
from mtrl.representation.active.theory import design_value
from tests.helpers import assert_close, compiled

SHARES, ALLOCATE, PRICED = compiled(shares), compiled(allocate), compiled(priced_allocation)
BY_POWER, BY_L1, BY_L2 = (compiled(f) for f in (power_cost_allocation, theoretical_l1_counts, theoretical_l2_counts))


@pytest.fixture(scope="module")
def instance():
    rng = np.random.default_rng(5)
    return rng.normal(size=(5, 60)), rng.normal(size=5)


def test_rules_on_a_known_vector():
    nu = np.array([3.0, -1.0, 0.0])
    found = {name: SHARES(nu, rule.exponent) for name, rule in RULES.items()}
    np.testing.assert_allclose(found["passive"], [1 / 3] * 3)
    np.testing.assert_allclose(found["L2"], [0.9, 0.1, 0])
    np.testing.assert_allclose(found["L1"], [0.75, 0.25, 0])
    np.testing.assert_allclose(SHARES(np.zeros(3), 2.0), [1 / 3] * 3)
    np.testing.assert_allclose(SHARES(nu, 0.0, support=np.array([True, False, True])), [0.5, 0, 0.5])


def test_floor_and_k_sparse():
    nu = np.array([5.0, 4.0, 1.0, 0.5])
    counts = ALLOCATE(nu, budget=100, floor=10, exponent=1.0, support=np.array([True, True, False, False]))
    np.testing.assert_array_equal(counts, [44, 36, 10, 10])
    assert compiled(step_cost)(counts, floor=10) == 2


def test_identity_heads_make_all_rules_equal():
    heads, head = np.eye(4), np.ones(4)
    l1, l2 = l1_relevance_exact(heads, head), compiled(l2_relevance)(heads, head).vector
    for nu, q in ((l2, 0.0), (l2, 2.0), (l1, 1.0)):
        np.testing.assert_array_equal(ALLOCATE(nu, budget=400, floor=5, exponent=q), [100] * 4)


def test_theoretical_counts():
    nu = np.array([0.5, -0.25, 0.0])
    l2 = BY_L2(nu, accuracy=0.125, beta=2.0, floor=10)
    np.testing.assert_array_equal(l2, [32, 16, 16])  # beta nu^2 64 = 32, 8, 0; beta / eps = 16
    l1 = BY_L1(nu, accuracy=0.125, beta=2.0, floor=10)
    np.testing.assert_array_equal(l1, [48, 24, 10])  # beta 0.75 |nu| 64, no 1/eps floor


def test_price_allocation_is_optimal(instance):
    heads, head = instance
    prices = np.exp(np.random.default_rng(2).normal(size=60))
    nu = priced_l1_relevance_exact(heads, head, prices)
    counts = PRICED(nu, prices, spend=7.0)
    assert np.isclose(prices @ counts, 7.0)
    on = counts > 0
    value = np.sum(nu[on] ** 2 / counts[on])
    assert_close("value at a spend", value, np.sum(np.sqrt(prices) * np.abs(nu)) ** 2 / 7.0, rtol=1e-9)
    plain = l1_relevance_exact(heads, head)
    other = PRICED(plain, prices, spend=7.0)
    assert value < np.sum(plain[other > 0] ** 2 / other[other > 0])
    rng = np.random.default_rng(3)
    for _ in range(20):  # no other split of the spend over its support is better
        tilted = counts[on] * np.exp(0.1 * rng.normal(size=on.sum()))
        tilted *= 7.0 / (prices[on] @ tilted)
        assert np.sum(nu[on] ** 2 / tilted) >= value - 1e-12


@pytest.mark.parametrize("power", [0.3, 1.0])
def test_power_cost(power):
    nu = np.array([2.0, -0.5, 0.0, 1.0])
    counts, total = BY_POWER(nu, power=power, accuracy=0.1)
    on = nu != 0
    assert_close("accuracy is met", np.sum(nu[on] ** 2 / counts[on]), 0.01, rtol=1e-9)
    assert_close("total cost", np.sum(counts[on] ** power), total, rtol=1e-9)
    if power == 1.0:
        assert_close("a = 1", total, np.abs(nu).sum() ** 2 / 0.01, rtol=1e-12)
    rng = np.random.default_rng(4)
    for _ in range(20):
        tilted = counts[on] * np.exp(0.1 * rng.normal(size=3))
        tilted *= np.sum(nu[on] ** 2 / tilted) / 0.01
        assert np.sum(tilted**power) >= total - 1e-9


def test_power_cost_counts_tasks_as_the_exponent_vanishes():
    nu = np.array([2.0, -0.5, 0.0, 1.0])
    assert abs(BY_POWER(nu, power=1e-6, accuracy=0.1)[1] - 3) < 1e-3


def test_l1_allocation_attains_elfving(instance):
    heads, head = instance
    nu = l1_relevance_exact(*instance)
    value = compiled(design_value)(heads, head, SHARES(nu, 1.0))
    assert_close("v at the L1 allocation", value, np.abs(nu).sum() ** 2, rtol=1e-9)


def test_relevance_that_is_not_finite_is_refused_or_buys_nothing():
    broken = jnp.array([1.0, jnp.nan, 0.5])
    with pytest.raises(BadInput, match=r"relevance holds nan at \(1,\)"):
        allocate(broken, budget=100, floor=5, exponent=1.0)
    traced = jax.jit(lambda nu, q: allocate(nu, budget=100, floor=5, exponent=q))
    assert not np.any(traced(broken, 1.0))
    np.testing.assert_array_equal(traced(broken, 0.0), [34, 33, 33])  # passive sampling does not look at it
    assert not np.any(traced(jnp.array([1.0, jnp.inf, 0.5]), 2.0))
    for rule in (BY_L1, BY_L2):
        assert not np.any(rule(broken, accuracy=0.5, beta=1.0, floor=3))
    assert np.isnan(BY_POWER(broken, power=0.5, accuracy=0.1)[1])


def test_refused_budgets_and_prices():
    with pytest.raises(BadInput, match=r"budget N=10 below M\*N_min=3\*5=15"):
        allocate(jnp.ones(3), budget=10, floor=5, exponent=1.0)
    with pytest.raises(BadInput, match="prices got 0"):
        priced_allocation(jnp.ones(2), jnp.array([1.0, 0.0]), spend=1.0)
    with pytest.raises(BadInput, match="prices got -1"):
        priced_l1_relevance_exact(np.eye(2), np.ones(2), np.array([1.0, -1.0]))
