import jax
import jax.numpy as jnp
import numpy as np

from mtrl.numerics.linalg.psd import sqrt_psd
from mtrl.representation.classical.mtfl import mtfl
from mtrl.representation.classical.single_task import ridge
from mtrl.representation.classical.task_relationship import correlations, task_relationship, weights_given_covariance
from tests.helpers import assert_close
from tests.representation.classical.fixtures import DIM, TASKS, loss, solve


def test_without_ridge_it_is_feature_learning():
    ours = solve(task_relationship, lam1=0.0, iterations=400)(0.04)
    assert_close("lam2 = 2 gamma", ours.weights, solve(mtfl, iterations=400)(0.02).weights, 1e-3)
    assert_close("trace of Om", jnp.trace(ours.covariance), 1.0, 1e-9)
    assert float(ours.residual) < 1e-3


def test_unrelated_tasks_give_ridge():
    # Om = I/T: lam1/2 ||W||^2 + lam2 T/2 ||W||^2.
    root = jnp.eye(TASKS) / np.sqrt(TASKS)
    v = weights_given_covariance(loss(), root, lam1=0.1, lam2=0.05, start=jnp.zeros((DIM, TASKS)))
    assert_close("ridge", v @ root, ridge(loss(), 0.1 + TASKS * 0.05).weights, 1e-8)


def test_weight_step_solves_the_kronecker_system():
    factor = jax.random.normal(jax.random.key(4), (TASKS, TASKS))
    covariance = factor @ factor.T / jnp.trace(factor @ factor.T)
    root = sqrt_psd(covariance)
    v = weights_given_covariance(loss(), root, lam1=0.1, lam2=0.05, start=jnp.zeros((DIM, TASKS)))
    blocks = np.zeros((TASKS * DIM, TASKS * DIM))
    for t in range(TASKS):
        blocks[t * DIM : (t + 1) * DIM, t * DIM : (t + 1) * DIM] = loss().hessian[t]
    system = blocks + 0.1 * np.eye(TASKS * DIM) + 0.05 * np.kron(np.linalg.inv(covariance), np.eye(DIM))
    expected = np.linalg.solve(system, np.asarray(loss().linear).reshape(-1)).reshape(TASKS, DIM).T
    assert_close("vec W", v @ root, expected, 1e-6)


def test_correlations_have_unit_diagonal():
    covariance = jnp.array([[4.0, 1.0], [1.0, 1.0]])
    assert_close("correlations", correlations(covariance), [[1.0, 0.5], [0.5, 1.0]], 1e-12)
