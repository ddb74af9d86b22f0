"""The installed peers that benchmarks are timed against give the numbers of the literal programs, at sizes of a test."""

import jax
import numpy as np
import pytest

from experiments.benchmark_dynamics import literal as loops
from experiments.benchmark_dynamics import literal_saddle
from experiments.benchmark_dynamics import peers as recursions
from experiments.benchmark_forecasting import literal as trainings
from experiments.benchmark_forecasting import peers as networks
from experiments.benchmark_forecasting import programs as forecasters
from experiments.benchmark_optimization import literal as descents
from experiments.benchmark_optimization import yardsticks
from experiments.benchmark_random_matrix import literal as dense
from experiments.benchmark_random_matrix import peers as ridge
from experiments.benchmark_representation import literal as fits
from experiments.benchmark_representation import peers as programs
from mtrl import continual, optimization
from mtrl.harness import over_seeds

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


SIZES = forecasters.Sizes(lookback=12, horizon=3, epochs=2, updates=3, batch=8)
WINDOWS = dict(lookback=12, horizon=3)


@pytest.fixture(scope="module")
def series():
    return forecasters.series(tasks=3, rows=200, single=False, **WINDOWS)


def both_trainings(data, name, train):
    """Ends of two seeds, ours and theirs."""
    begin = forecasters.Start(*over_seeds(forecasters.start, [0, 1], data, name=name, sizes=SIZES))
    return forecasters.trained(data, [0, 1], name, SIZES)(), train(begin, data.series, data.validation, SIZES)


def assert_same_end(ours, theirs):
    """Weights to 1e-9 where they move by 6e-3; those without effect (the keys' shift) move by their rounding over Adam's 1e-8."""
    np.testing.assert_allclose(theirs.validation, ours.validation, rtol=1e-9)
    assert jax.tree.structure(theirs.weights) == jax.tree.structure(ours.weights)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-9), theirs.weights, ours.weights)


@pytest.mark.parametrize("name", networks.TRUNKS)
def test_trainings_by_pytorch(series, name):
    pytest.importorskip("torch", reason="an optional peer")
    assert_same_end(*both_trainings(series, name, lambda *numbers: networks.train(name, *numbers)))


def test_training_of_the_linear_forecaster_by_hand(series):
    def train(begin, *arrays):
        return trainings.train(begin, *map(np.asarray, arrays[:2]), arrays[2])

    assert_same_end(*both_trainings(series, "DLinearU", train))


@pytest.mark.parametrize("fit", (trainings.dense, trainings.scikit))
def test_ridge_on_windows(series, fit):
    ours, theirs = forecasters.closed_form(series, **WINDOWS)(), trainings.least(fit, series, **WINDOWS)
    np.testing.assert_allclose(theirs[0], ours[0], rtol=1e-8, atol=1e-9)
    assert abs(theirs[1] - ours[1]) < 1e-9


def test_completion_by_pytorch():
    pytest.importorskip("torch", reason="an optional peer")
    draws = np.random.default_rng(0)
    matrices = (
        0.3 * draws.normal(size=(2, 3, 4, 4)),
        *draws.normal(size=(2, 2, 4, 4)),
        draws.uniform(size=(2, 4, 4)) < 0.5,
    )
    numbers = *(x.astype(float) for x in matrices), 0.1, np.array([0, 3, 3, 10]), 5
    np.testing.assert_allclose(recursions.switched(*numbers), loops.switched(*numbers), rtol=1e-12)


def test_landscape_by_pytorch_and_torchjd():
    """From the starts where the directions are not of rounding."""
    pytest.importorskip("torchjd", reason="an optional peer")
    methods, starts = ("mean", "MGDA", "IMTL-G", "Aligned-MTL"), np.array(optimization.toy.NASH_STARTS)[[0, 2, 3, 4]]
    theirs, literal = (way(methods, starts, 20) for way in (yardsticks.torch_landscape, descents.landscape_loop))
    np.testing.assert_allclose(theirs, literal, atol=1e-9)
    assert np.abs(theirs - starts).max() > 0.01
