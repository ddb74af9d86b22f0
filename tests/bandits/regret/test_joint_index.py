"""The joint ellipsoid's optimistic value and action against enumeration, a constrained optimiser and the multiplier form."""

import itertools

import jax
import numpy as np
from scipy import optimize

from mtrl.bandits.regret.joint_index import joint_argmax, joint_value
from tests.helpers import assert_close

ARGMAX, VALUE = jax.jit(joint_argmax, static_argnames="moves"), jax.jit(joint_value)
search = jax.jit(jax.vmap(joint_argmax))


def enumerate_best(values, squares, slack):
    tasks, arms = values.shape
    rows = np.arange(tasks)
    choices = np.array(list(itertools.product(range(arms), repeat=tasks)))
    totals = values[rows, choices].sum(1) + np.sqrt(slack * squares[rows, choices].sum(1))
    return totals.max()


def test_action_path_equals_enumeration():
    """300 random cases with four tasks and four arms: all 256 choices are enumerated."""
    generator = np.random.default_rng(0)
    values, squares = generator.normal(size=(300, 4, 4)), generator.exponential(size=(300, 4, 4))
    slack = 10.0 ** generator.uniform(-2, 2, size=300)
    found = search(values, squares, slack)
    best = np.array([enumerate_best(u, q, s) for u, q, s in zip(values, squares, slack, strict=True)])
    assert_close("joint action path, 300 cases", found.value, best, rtol=1e-12)


def test_single_task_is_exact_off_the_hull():
    """u = (1, 0, .45), q = (0, 1, .45): no multiplier picks the third arm, which is best."""
    values, squares = np.array([[1.0, 0.0, 0.45]]), np.array([[0.0, 1.0, 0.45]])
    found = ARGMAX(values, squares, 1.0)
    assert int(found.arms[0]) == 2
    assert int(ARGMAX(values, squares, 1.0, moves=0).arms[0]) != 2  # the path alone misses it


def test_scale_free_and_zero_radius():
    generator = np.random.default_rng(1)
    values, squares = generator.normal(size=(4, 4)), generator.exponential(size=(4, 4))
    arms = ARGMAX(values, squares, 3.0).arms
    for scale in (1e-8, 1e8):
        scaled = ARGMAX(scale * values, scale**2 * squares, 3.0).arms
        assert np.array_equal(arms, scaled)
    greedy = ARGMAX(values, squares, 0.0).arms
    assert np.array_equal(greedy, values.argmax(1))


def test_value_is_the_support_function_of_the_ellipsoid():
    """sum <x_i, c_i> + sqrt(s sum ||x_i||^2_{V_i^-1}) equals SLSQP over the heads and the minimum over multipliers."""
    generator = np.random.default_rng(2)
    tasks, rank, slack = 3, 2, 0.7
    x, centre = generator.normal(size=(tasks, rank)), generator.normal(size=(tasks, rank))
    factor = generator.normal(size=(tasks, rank, rank))
    metric = factor @ factor.transpose(0, 2, 1) + np.eye(rank)
    squares = np.einsum("mi,mij,mj->m", x, np.linalg.inv(metric), x)
    ours = VALUE((x * centre).sum(1), squares, slack)

    def distance(flat):
        gap = flat.reshape(tasks, rank) - centre
        return slack - np.einsum("mi,mij,mj->", gap, metric, gap)

    solved = optimize.minimize(
        lambda flat: -(flat.reshape(tasks, rank) * x).sum(),
        centre.ravel() + 0.01,
        method="SLSQP",
        constraints={"type": "ineq", "fun": distance},
        options={"ftol": 1e-14, "maxiter": 500},
    )
    assert_close("joint ellipsoid against SLSQP", ours, -solved.fun, rtol=1e-6)
    # sqrt(s q) = min_tau (tau s q / 2 + 1 / (2 tau))
    product = slack * squares.sum()
    dual = optimize.minimize_scalar(lambda t: np.exp(t) * product / 2 + np.exp(-t) / 2).fun
    assert_close("joint ellipsoid against its multiplier form", ours, (x * centre).sum() + dual, rtol=1e-8)


def test_root_of_the_sum_is_below_the_sum_of_roots():
    u, q = np.zeros(9), np.ones(9)
    assert_close("nine equal tasks share one budget", VALUE(u, q, 1.0), 3.0, rtol=1e-12)
