"""Instances, their optima, and what is refused about them; the rates."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sklearn import decomposition

from mtrl.bandits import exploration as ex
from mtrl.bandits.problem import LinearParams
from mtrl.numerics.errors import BadInput
from tests.helpers import assert_close

CONTEXTS = jax.jit(functools.partial(ex.sample_context_tasks, tasks=6, dim=4, rank=2, contexts=3, arms=4))
CANONICAL = jax.jit(ex.canonical_tasks, static_argnames=("tasks", "dim", "rank"))
DIVERSITY, ERROR = jax.jit(ex.diversity), jax.jit(ex.subspace_error)


@pytest.fixture(scope="module")
def canonical():
    return CANONICAL(0.4, tasks=7, dim=5, rank=2)


def test_canonical_instance(canonical):
    best, smallest = jax.jit(lambda p: (ex.best_arms(p), ex.smallest_gap(p)))(canonical)
    np.testing.assert_array_equal(best, np.arange(7) % 2)
    assert_close("smallest gap", smallest, 0.4)
    assert_close("omega", DIVERSITY(canonical.linear.heads), 2 * 0.16 * 3 / 7)
    for tasks in (2, 3, 7):
        omega = DIVERSITY(CANONICAL(0.4, tasks=tasks, dim=5, rank=2).linear.heads)
        assert_close(f"omega of the first {tasks} tasks, by its formula", ex.canonical_diversity(tasks, 0.4, 2), omega)
    even = CANONICAL(0.4, tasks=8, dim=5, rank=2)
    assert_close("omega of equal groups", DIVERSITY(even.linear.heads), 0.16)
    assert jax.jit(ex.wrong)(canonical, np.array([0, 1, 0, 1, 0, 1, 4])).tolist() == [False] * 6 + [True]


def test_random_instances():
    sizes = dict(tasks=6, dim=4, rank=2)
    problem = jax.jit(functools.partial(ex.sample_arm_tasks, **sizes, arms=9))(jax.random.key(0), 0.5)
    ex.check_arm_tasks(problem)
    by_hand = np.asarray(problem.arms) @ np.asarray(problem.linear.basis) @ np.asarray(problem.linear.heads).T
    means, best, smallest = jax.jit(lambda p: (p.means, ex.best_arms(p), ex.smallest_gap(p)))(problem)
    assert_close("means", np.asarray(means).T, by_hand)
    np.testing.assert_array_equal(best, by_hand.argmax(0))
    gaps = np.sort(by_hand, axis=0)
    assert_close("smallest gap", smallest, (gaps[-1] - gaps[-2]).min())
    context = CONTEXTS(jax.random.key(0), 0.5)
    ex.check_context_tasks(context)
    best, policy_gaps = np.asarray(jax.jit(lambda p: p.means)(context)).argmax(-1), jax.jit(ex.policy_gaps)
    assert_close("gap of the best policy", policy_gaps(context, best), np.zeros(6))
    assert np.all(np.asarray(policy_gaps(context, (best + 1) % 4)) > 0)
    assert_close("omega", DIVERSITY(context.linear.heads), 1.0)


def test_heads_of_given_arms():
    """Every task prefers one arm, by the gap; the plane holds the most spread (scikit-learn's principal axes); the fifth task is the first."""
    arms = np.random.default_rng(0).normal(size=(9, 6))
    basis, heads = ex.plane_heads(arms, 9, 0.3)
    problem = ex.check_arm_tasks(ex.ArmTasks(jnp.asarray(arms), LinearParams(*map(jnp.asarray, (basis, heads, 1.0)))))
    gaps, best = map(np.asarray, jax.jit(lambda p: (ex.gaps(p), ex.best_arms(p)))(problem))
    assert_close("gap of every task", np.sort(gaps, axis=1)[:, 1], np.full(9, 0.3), rtol=1e-9)
    assert len(set(best[:4].tolist())) == 4
    np.testing.assert_array_equal(best[4:], best[:5])
    axes = decomposition.PCA(2).fit(arms).components_.T
    assert_close("the plane", ERROR(basis, axes), 0.0, atol=1e-12)
    for bad, words in (
        (dict(gap=0.0), "gap got 0"),
        (dict(count=0), "count got 0"),
        (dict(arms=arms[:, :1]), "arms got 9 of dimension 1, but a plane needs at least 2 of each"),
        (dict(arms=np.full((9, 6), np.nan)), "arms"),
    ):
        with pytest.raises(BadInput, match=words):
            ex.plane_heads(**{**dict(arms=arms, count=9, gap=0.3), **bad})


def test_subspace_error():
    rng = np.random.default_rng(1)
    basis, turn = (np.linalg.qr(rng.normal(size=(rows, 3)))[0] for rows in (5, 3))
    assert_close("rotated", ERROR(basis @ turn, basis), 0.0, atol=1e-12)
    assert_close("one direction missing", ERROR(basis[:, :2], basis), 1.0)


def test_rates():
    """Slopes in M are k/d and (k/d)^2 of each other's, the intercept is the features' cost; all fall as the squared gap."""
    sizes = dict(dim=5, rank=2, delta=0.005, rho=5.0, omega=0.16)
    tasks, arms_rate = np.array([10.0, 20.0]), jax.jit(functools.partial(ex.theory.arms_rate, **sizes))
    shared = np.asarray(arms_rate(tasks, 0.4))
    alone = jax.jit(ex.theory.arms_alone_rate)(tasks, 0.4, dim=5, delta=0.005)
    assert_close("slopes of RepBAI", np.diff(shared) / np.diff(alone), [ex.theory.slope_ratio(5, 2)])
    policies = jax.jit(ex.theory.policies_rate)(tasks, 0.1, dim=5, rank=2, rho=5.0)
    independent = jax.jit(ex.theory.policies_alone_rate)(tasks, 0.1, dim=5)
    assert_close(
        "slopes of RepBPI", np.diff(policies) / np.diff(independent), [ex.theory.slope_ratio(5, 2, policies=True)]
    )
    assert_close("in the gap", arms_rate(tasks, 0.2), 4 * shared)
    assert_close("Davis and Kahan, 2 sqrt(4) 0.3 / 0.5", ex.theory.davis_kahan(0.3, 0.5, 4), 2.4)
    sizes = dict(arms=7, delta=0.005, noise=0.5)
    bound = ex.theory.elimination_bound(jnp.asarray(tasks), 0.2, dim=5, **sizes)
    canonical = jax.jit(functools.partial(ex.theory.canonical_elimination, dim=5, **sizes))(tasks, 0.2)
    assert_close("4 d is twice the canonical basis' 2 d", bound, 2 * np.asarray(canonical))
    np.testing.assert_array_equal(jax.jit(ex.theory.phases_needed)(np.array([0.4, 0.5, 0.6, 0.11])), [2, 2, 1, 4])


def test_refuses(canonical):
    linear = canonical.linear
    with pytest.raises(BadInput, match="arms span only 4 of 5 dimensions"):
        ex.check_arm_tasks(canonical._replace(arms=canonical.arms.at[4].set(0)))
    with pytest.raises(BadInput, match=r"heads have rank 1, but must have rank 2: the task diversity condition"):
        ex.check_arm_tasks(canonical._replace(linear=linear._replace(heads=jnp.ones((7, 2)))))
    with pytest.raises(BadInput, match="rank got 2, but must lie between 1 and the smaller"):
        ex.check_arm_tasks(canonical._replace(linear=linear._replace(heads=linear.heads[:1])))
    for noise in (0.0, -1.0):
        with pytest.raises(BadInput, match="noise got"):
            ex.canonical_tasks(0.4, noise, tasks=4, dim=5, rank=2)
    with pytest.raises(BadInput, match="noise got 0"):
        ex.check_arm_tasks(canonical._replace(linear=linear._replace(noise=0.0)))
    with pytest.raises(BadInput, match="rank got 6"):
        ex.canonical_tasks(0.4, tasks=9, dim=5, rank=6)
    with pytest.raises(BadInput, match="arms got 3, but must be a whole number of at least 4; fewer cannot span"):
        ex.sample_arm_tasks(jax.random.key(0), 0.5, tasks=6, dim=4, rank=2, arms=3)
    context = CONTEXTS(jax.random.key(0), 0.5)
    with pytest.raises(BadInput, match="probabilities sum to 1.5, but must sum to 1"):
        ex.check_context_tasks(context._replace(probabilities=jnp.full(3, 0.5)))
    with pytest.raises(BadInput, match="probabilities got -0.5"):
        ex.check_context_tasks(context._replace(probabilities=jnp.array([1.0, 0.5, -0.5])))
    with pytest.raises(BadInput, match="features span only 3 of 4 dimensions"):
        ex.check_context_tasks(context._replace(features=context.features.at[..., 0].set(0)))
    assert isinstance(linear, LinearParams)
