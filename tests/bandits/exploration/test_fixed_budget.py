"""FB-DOE: the budget is kept, halving against its error bound, shared features need less, and what is refused."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtrl.bandits import exploration as ex
from mtrl.bandits.exploration.fixed_budget import halvings, keep_best
from mtrl.numerics.errors import BadInput
from tests.helpers import host

TASKS, GAP = 200, 0.4
BUDGETS = TASKS * np.array([500.0, 2000.0])


def play(key, budget, *, who):
    """Share of the tasks that are wrong, and what the run returned."""
    problem = ex.canonical_tasks(GAP, 1.0, tasks=TASKS, dim=5, rank=2)
    sampler = ex.arm_sampler(problem)
    found = (
        ex.fb_doe(key, sampler, budget, rank=2, share=0.25) if who == "shared" else ex.halve_alone(key, sampler, budget)
    )
    return jnp.mean(ex.wrong(problem, found.best)), found


@pytest.fixture(scope="module")
def runs():
    keys = jax.random.split(jax.random.key(7), 10)
    return {
        who: host(jax.jit(jax.vmap(jax.vmap(functools.partial(play, who=who), (None, 0)), (0, None)))(keys, BUDGETS))
        for who in ("shared", "alone")
    }


def test_spends_at_most_the_budget_and_nearly_all_of_it(runs):
    for _, found in runs.values():
        left = np.asarray(BUDGETS) - np.asarray(found.pulls)
        assert (left >= 0).all()
        assert (left < TASKS * halvings(5)).all()  # less than one pull in a phase of a task
    assert (runs["shared"][1].feature_pulls % (100 * TASKS) == 0).all()


def test_alone_stays_below_the_bound_of_its_error(runs):
    # 2000 tasks a budget, at most 0.1 of them wrong: a share 0.03 above its mean is four of its standard deviations.
    wrong = np.asarray(runs["alone"][0]).mean(0)
    bound = np.asarray(jax.jit(functools.partial(ex.theory.halving_error, gap=GAP, arms=5))(BUDGETS / TASKS))
    assert (wrong <= np.minimum(bound, 1) + 0.03).all()


def test_shared_features_are_wrong_less_often(runs):
    # Where errors are still to be made; 2000 tasks.
    shared, alone = (np.asarray(runs[who][0]).mean(0) for who in ("shared", "alone"))
    assert shared[0] < alone[0]
    assert shared[1] < 0.01 and alone[1] < 0.01


def test_keeps_the_larger_half():
    values = np.array([[1.0, 3.0, 2.0, 9.0], [0.0, 0.0, 0.0, 0.0]])
    active = np.array([[True, True, True, False], [True, True, True, True]])
    kept = jax.jit(keep_best)(values, active, 2)
    np.testing.assert_array_equal(kept, [[False, True, True, False], [True, True, False, False]])


def test_bad_input():
    make = jax.jit(functools.partial(ex.canonical_tasks, tasks=4, dim=5, rank=2))
    sampler = ex.arm_sampler(make(GAP, 1.0))
    key = jax.random.key(0)
    with pytest.raises(BadInput, match="raise the budget"):
        ex.halve_alone(key, sampler, 30.0)
    with pytest.raises(BadInput, match="less than a batch of 100 pulls"):
        ex.fb_doe(key, sampler, 500.0, rank=2)
    with pytest.raises(BadInput, match="share"):
        ex.fb_doe(key, sampler, 50_000.0, rank=2, share=1.5)
    with pytest.raises(BadInput, match="at least 2"):
        ex.halve(key, sampler._replace(arms=jnp.eye(1, 5)), jnp.eye(5), 1000.0)
