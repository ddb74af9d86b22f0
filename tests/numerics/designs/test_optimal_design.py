import cvxpy as cp
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import linprog

from mtrl.numerics.designs.optimal_design import c_optimal
from tests.helpers import assert_close


@pytest.fixture(scope="module")
def instance():
    rng = np.random.default_rng(0)
    return rng.normal(size=(3, 12)), rng.normal(size=3)


@pytest.fixture(scope="module")
def design(instance):
    return jax.jit(lambda a, b: c_optimal(a, b, iterations=20000))(*map(jnp.asarray, instance))


def smallest_l1(candidates, direction):
    tasks = candidates.shape[1]
    result = linprog(np.ones(2 * tasks), A_eq=np.hstack([candidates, -candidates]), b_eq=direction)
    return result.x[:tasks] - result.x[tasks:]


def test_equals_elfving(instance, design):
    nu = smallest_l1(*instance)
    assert_close("Elfving weights", design.weights, np.abs(nu) / np.abs(nu).sum(), atol=1e-9)
    assert_close("Elfving value", design.value, np.abs(nu).sum() ** 2, rtol=1e-9)
    assert_close("Elfving solution", design.solution, nu, atol=1e-8)
    assert 0 <= design.gap + 1e-9 < 1e-6


def test_equals_convex_solver(instance, design):
    candidates, direction = instance
    p = cp.Variable(12, nonneg=True)
    information = sum(p[t] * np.outer(candidates[:, t], candidates[:, t]) for t in range(12))
    problem = cp.Problem(cp.Minimize(cp.matrix_frac(direction, information)), [cp.sum(p) == 1])
    problem.solve(solver=cp.CLARABEL, tol_gap_abs=1e-10, tol_gap_rel=1e-10, tol_feas=1e-10)
    assert_close("c-optimal value by a conic solver", design.value, problem.value, rtol=1e-7)
    assert_close("c-optimal by a conic solver", design.weights, p.value, atol=1e-6)


def test_invariant_and_value_bracketed(instance):
    candidates, direction = map(jnp.asarray, instance)
    change = jnp.array([[2.0, 0.3, 0], [0, 1e-3, 0], [1, 0, 50.0]])
    run = jax.jit(lambda a, b: c_optimal(a, b, iterations=50))
    first, second = run(candidates, direction), run(change @ candidates, change @ direction)
    assert_close("design under a change of coordinates", second.weights, first.weights, rtol=1e-6)
    best = np.abs(smallest_l1(*instance)).sum() ** 2
    assert first.value / (1 + first.gap) <= best <= first.value  # the certificate, far from converged


def test_outside_the_span_is_reported():
    design = c_optimal(jnp.array([[1.0, 2.0], [0.0, 0.0]]), jnp.array([3.0, 4.0]), iterations=5)
    assert design.rank == 1 and np.isclose(design.residual, 0.8)
    zero = c_optimal(jnp.eye(2), jnp.zeros(2), iterations=5)
    assert zero.value == 0 and np.allclose(zero.weights, 0.5)
