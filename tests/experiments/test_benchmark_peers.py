"""The installed peers that benchmarks are timed against give the numbers of the literal programs, at sizes of a test."""

import numpy as np
import pytest

from experiments.benchmark_dynamics import literal as loops
from experiments.benchmark_dynamics import literal_saddle
from experiments.benchmark_dynamics import peers as recursions
from experiments.benchmark_random_matrix import literal as dense
from experiments.benchmark_random_matrix import peers as ridge
from experiments.benchmark_representation import literal as fits
from experiments.benchmark_representation import peers as programs
from mtrl import continual

GATES = np.array([[0, 3], [5, 9]], np.int32)


def test_recursion_of_all_runs_at_once():
    p = 0.3 * np.random.default_rng(0).uniform(0.5, 1, (3, 4))
    numbers = p, np.array([3.0, 2.0, 1.0, 0.5]), GATES, 0.05, 20, 4
    np.testing.assert_allclose(recursions.recursion(*numbers), loops.recursion(*numbers), rtol=1e-12)


def test_portraits_of_all_runs_at_once():
    p = 0.1 * np.random.default_rng(0).normal(size=(3, 2))
    numbers = p, 10.0, np.array([2, 5]), GATES, 1e-3, 20
    np.testing.assert_allclose(recursions.portraits(*numbers), loops.portraits(*numbers), rtol=1e-12)


def test_saddle_points_by_scipy():
    loads, start = np.array([0.3, 0.6]), np.array(continual.COLD)
    theirs = recursions.saddle_curve(loads, 20.0, start, 41, 1e-8)
    literal = literal_saddle.saddle_curve(loads, 20.0, start, 41, 0.5, 1e-9, 2000)
    np.testing.assert_allclose(theirs[:, :3], literal[:, :3], atol=1e-6)
    assert theirs[:, 3].max() <= 1e-8 and literal[:, 3].max() <= 1e-9


def test_ridge_by_scipy():
    rng = np.random.default_rng(0)
    numbers = rng.normal(size=(3, 12, 5)), rng.normal(size=(3, 12)), rng.uniform(0.5, 2, 3), 0.7
    np.testing.assert_allclose(ridge.conjugate_gradients(*numbers), dense.dense_dual(*numbers), rtol=1e-9)


def test_moments_by_scikit_learn():
    _, data = fits.draw(np.random.default_rng(0), 20, 6, 8, 2)
    assert fits.sine(programs.moments(data, 2), fits.moments(data, 2)) < 1e-8


@pytest.fixture
def problem():
    rng = np.random.default_rng(0)
    return rng.normal(size=(3, 12, 4)), rng.normal(size=(3, 12))


def test_trace_norm_by_cvxpy(problem):
    """To the duality gap that the literal loop stops at."""
    pytest.importorskip("cvxpy")
    assert fits._trace_norm_gap(*problem, 0.1, programs.trace_norm(*problem, 0.1)) < 1e-7
    literal = fits.trace_norm(*problem, 0.1, 5000, 1e-10)
    np.testing.assert_allclose(programs.trace_norm(*problem, 0.1), literal, atol=1e-4)


def test_task_relationship_by_cvxpy(problem):
    pytest.importorskip("cvxpy")
    literal = fits.task_relationship(*problem, 0.01, 0.1, 100)
    np.testing.assert_allclose(programs.task_relationship(*problem, 0.01, 0.1), literal, atol=1e-3)
