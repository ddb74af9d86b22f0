import jax.numpy as jnp
import numpy as np

from mtrl.representation.convex.mtfl import mtfl
from mtrl.representation.convex.task_relationship import correlations, task_relationship
from tests.helpers import assert_close
from tests.representation.convex.fixtures import DIM, EXACT, TASKS, solve, term


def test_without_ridge_it_is_feature_learning():
    ours = solve(task_relationship, lam1=0.0, gap=EXACT)(0.04)
    assert_close("lam2 = 2 gamma", ours.weights, solve(mtfl, gap=EXACT)(0.02).weights, 1e-6)
    assert_close("trace of Om", jnp.trace(ours.covariance), 1.0, 1e-9)


def test_the_papers_alternation_stays_there():
    """Literally: `(blockdiag(H_t) + lam1 I + lam2 Om^{-1} kron I) vec W = b` at the Om that was found gives W again."""
    found = solve(task_relationship, lam1=0.1, gap=EXACT)(0.05)
    means = term().means
    # Om is singular: the system for V = W Om^{-1/2}, multiplied by Om^{1/2} from both sides, is not.
    values, vectors = np.linalg.eigh(found.covariance)
    root = np.kron((vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T, np.eye(DIM))
    blocks = np.zeros((TASKS * DIM, TASKS * DIM))
    for t in range(TASKS):
        blocks[t * DIM : (t + 1) * DIM, t * DIM : (t + 1) * DIM] = means.gram[t]
    system = root @ (blocks + 0.1 * np.eye(TASKS * DIM)) @ root + 0.05 * np.eye(TASKS * DIM)
    solved = root @ np.linalg.solve(system, root @ np.asarray(means.cross).reshape(-1))
    assert_close("vec W", found.weights, solved.reshape(TASKS, DIM).T, 1e-5)


def test_correlations_have_unit_diagonal():
    covariance = jnp.array([[4.0, 1.0], [1.0, 1.0]])
    assert_close("correlations", correlations(covariance), [[1.0, 0.5], [0.5, 1.0]], 1e-12)
