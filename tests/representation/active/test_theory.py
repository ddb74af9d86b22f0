import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.stats

from mtrl.numerics.moments import moments
from mtrl.representation.active import problem, theory
from mtrl.representation.active.algorithm import learn_linear
from mtrl.representation.active.allocation import allocate, shares
from mtrl.representation.active.relevance import l1_relevance_exact
from tests.helpers import assert_close, compiled, host

value_of, shares_of, effective = compiled(theory.design_value), compiled(shares), compiled(theory.effective_tasks)
best, uniform = compiled(theory.best_value), compiled(theory.uniform_value)
absolute_upper, squared_upper = compiled(theory.absolute_rule_upper), compiled(theory.squared_rule_upper)


@pytest.fixture(scope="module")
def instance():
    rng = np.random.default_rng(7)
    heads, head = rng.normal(size=(4, 25)), rng.normal(size=4)
    return heads, head, l1_relevance_exact(heads, head), np.linalg.pinv(heads) @ head


def test_values_and_chain(instance):
    heads, head, l1, l2 = instance
    values = {q: value_of(heads, head, shares_of(nu, q)) for nu, q in ((l2, 0.0), (l1, 1.0), (l2, 2.0))}
    assert_close("uniform", values[0.0], uniform(l2), rtol=1e-9)
    assert_close("L1", values[1.0], best(l1), rtol=1e-9)
    absolute = value_of(heads, head, shares_of(l2, 1.0))
    assert absolute <= absolute_upper(l2) * (1 + 1e-9)
    assert best(l1) <= values[2.0] <= squared_upper(l2) * (1 + 1e-9)
    assert best(l1) <= absolute_upper(l2) <= uniform(l2)


def test_value_is_infinite_off_the_span():
    heads = np.eye(2)
    assert value_of(heads, np.ones(2), np.array([1.0, 0.0])) == np.inf
    assert value_of(heads, np.array([2.0, 0.0]), np.array([4, 0])) == 1.0  # whole numbers, inside the span


def test_separation_instance():
    for tasks in (100, 2500):
        heads = np.asarray(theory.separation_heads(tasks))
        l2 = np.linalg.pinv(heads)[:, 0]
        l1 = l1_relevance_exact(heads, np.ones(1))
        least = value_of(heads, np.ones(1), shares_of(l1, 1.0))
        squared = value_of(heads, np.ones(1), shares_of(l2, 2.0))
        passive = value_of(heads, np.ones(1), shares_of(l2, 0.0))
        x = np.sqrt(tasks)
        assert_close("squared over L1", squared / least, (1 + x) / (1 + x**2 / (tasks - 1)), rtol=1e-9)
        assert_close("law", theory.separation_ratio(tasks), squared / least, rtol=1e-9)
        assert_close("passive law", theory.separation_passive_ratio(tasks), passive / least, rtol=1e-9)
    assert_close("M = 100", theory.separation_ratio(100), 5.47, rtol=1e-3)
    assert_close("M = 2500", theory.separation_ratio(2500), 25.49, rtol=1e-3)


def test_effective_tasks(instance):
    l2 = instance[3]
    budget = 40.0
    grid = np.linspace(0, 1, 100001)
    jumps = budget * l2**2 / np.sum(l2**2)
    brute = np.min((1 - grid) * np.sum(jumps[:, None] > grid, axis=0) + grid * 25)
    star = effective(l2, budget)
    assert_close("s* by grid search", star, brute, atol=1e-3)
    # with a floor of one sample: sum nu^2 / n <= s* ||nu||^2 / N
    counts = np.maximum(budget * l2**2 / np.sum(l2**2), 1)
    assert np.sum(l2**2 / counts) <= star * np.sum(l2**2) / budget * (1 + 1e-9)
    one = effective(np.eye(9)[0], 1e6)
    assert one == 1.0


def test_rates_are_ordered_and_scale(instance):
    l1, l2 = instance[2:]
    l1_rate, l2_rate, passive_rate = (
        compiled(f, "dim", "rank") for f in (theory.l1_rate, theory.l2_rate, theory.passive_rate)
    )
    base = dict(dim=30, rank=4, noise=0.5)
    active = l2_rate(l2, **base, accuracy=0.1, budget=1e4)
    passive = passive_rate(l2, **base, accuracy=0.1)
    assert active <= passive
    assert_close("passive / active", passive / active, 25 / effective(l2, 1e4), rtol=1e-9)
    no_floor = l1_rate(l1, **base, accuracy=0.1, floor=0)
    assert_close("L1 rate", no_floor, 0.25 * 4 * 55 * np.abs(l1).sum() ** 2 / 0.01, rtol=1e-9)
    assert_close("floor term", l1_rate(l1, **base, accuracy=0.1, floor=8) - no_floor, 200.0, rtol=1e-9)
    assert_close("1/eps^2", passive_rate(l2, **base, accuracy=0.05), 4 * passive, rtol=1e-9)


@pytest.mark.parametrize("rule", ["passive", "L2", "L1"])
def test_first_order_law(rule, key):
    """Subspace risk within 15% of the law over 30 seeds: relative standard error 5%, so 3 sigma, false alarms 0.3%."""
    dim, rank, tasks, noise, samples = 30, 3, 20, 0.5, 60
    params = INSTANCE(jax.random.key(0), dim=dim, rank=rank, tasks=tasks)
    heads, head = params.heads, params.target_head
    nu = l1_relevance_exact(heads, head) if rule == "L1" else np.linalg.pinv(heads) @ head
    exponent = {"passive": 0.0, "L2": 2.0, "L1": 1.0}[rule]
    counts = ALLOCATE(nu, budget=20000, floor=60, exponent=exponent)
    law = theory.subspace_risk(float(value_of(heads, head, counts)), dim=dim, rank=rank, noise=noise)
    subspace, excess = LAW(jax.random.split(key, 30), counts, params, noise, samples)
    assert abs(np.mean(subspace) / law - 1) < 0.15
    # Given the subspace, the target's excess risk follows exactly: compare by the mean over draws.
    sizes = dict(rank=rank, target_samples=samples, noise=noise)
    error = excess - compiled(functools.partial(theory.excess_risk, **sizes))(subspace)
    assert abs(error.mean()) < 5 * error.std(ddof=1) / np.sqrt(error.size)  # false-alarm rate 6e-7


def _one_draw(key, counts, params, noise, samples):
    source_key, target_key = jax.random.split(key)
    x, y = problem.target_data(target_key, params, samples, noise=noise)
    source = problem.gaussian_moments(source_key, counts, (params.basis @ params.heads).T, noise=noise)
    learned = learn_linear(source_key, source, target=moments(x[None], y[None]), rank=3, iterations=8)
    estimate = learned.representation @ learned.target_head
    return problem.true_subspace_risk(params, learned.representation), problem.true_excess_risk(params, estimate)


_DRAWS = jax.jit(jax.vmap(_one_draw, (0, None, None, None, None)), static_argnums=4)
LAW = lambda *given: host(_DRAWS(*given))  # noqa: E731
INSTANCE, ALLOCATE = compiled(problem.gaussian_instance, "dim", "rank", "tasks"), compiled(allocate)


def test_excess_risk_is_the_mean_of_an_inverse_wishart():
    """`E tr (Z^T Z)^-1` of n_0 Gaussian rows in K dimensions, from SciPy; each unit of noise and of miss is paid that often."""
    spread = np.trace(scipy.stats.invwishart(df=12, scale=np.eye(3)).mean())
    for miss in (0.0, 0.7):
        found = theory.excess_risk(miss, rank=3, target_samples=12, noise=0.5)
        assert_close("excess risk", found, miss + (0.25 + miss) * spread, rtol=1e-12)


def test_span_is_judged_in_units_of_the_target():
    heads = np.eye(2)
    for size in (1e-9, 1e9):
        assert value_of(heads, size * np.ones(2), np.array([1.0, 0.0])) == np.inf
        assert np.isfinite(value_of(heads, size * np.ones(2), np.array([1.0, 3.0])))


def test_excess_risk_without_a_mean_is_infinite():
    for samples in (3, 4, 5):  # n_0 - K - 1 <= 0
        assert theory.excess_risk(0.1, rank=4, target_samples=samples, noise=0.5) == jnp.inf
    assert np.isfinite(theory.excess_risk(0.1, rank=4, target_samples=6, noise=0.5))
