import cvxpy as cp
import jax.numpy as jnp
import numpy as np

from mtrl.numerics.optim import proximal
from mtrl.representation.convex.mtfl import mtfl, root_with_unit_trace
from mtrl.representation.convex.quadratic import value
from mtrl.representation.convex.trace_norm import trace_norm
from tests.helpers import assert_close
from tests.representation.convex.fixtures import DIM, EXACT, reference, solve, term

GAMMA = 0.02


def test_is_the_squared_trace_norm():
    found = solve(mtfl, gap=EXACT)(GAMMA)
    weights, minimum = reference(lambda w: GAMMA * cp.square(cp.normNuc(w)))
    objective = value(term(), found.weights) + GAMMA * proximal.trace_norm(found.weights) ** 2
    assert_close("objective", objective, minimum, 1e-8)
    assert_close("weights", found.weights, weights, 1e-4)
    assert_close("trace of D", jnp.trace(found.covariance), 1.0, 1e-9)


def test_equals_the_trace_norm_at_the_matching_weight():
    found = solve(mtfl, gap=EXACT)(GAMMA).weights
    lam = 2 * GAMMA * proximal.trace_norm(found)
    assert_close("lam = 2 gamma ||W||_*", found, solve(trace_norm, gap=EXACT)(lam).weights, 1e-5)


def test_the_papers_alternation_stays_there_and_comes_there():
    """Algorithm 1, literally: per task `(D H_t + 2 gamma I) w_t = D b_t`, then `D = (W W^T + eps I)^{1/2} / tr(.)`."""
    found = solve(mtfl, gap=EXACT)(GAMMA)

    def weights_given(d):
        means = term().means
        solved = [
            np.linalg.solve(d @ h + 2 * GAMMA * np.eye(DIM), d @ b)
            for h, b in zip(means.gram, means.cross, strict=True)
        ]
        return np.stack(solved, axis=1)

    assert_close("one alternation", weights_given(np.asarray(found.covariance)), found.weights, 1e-5)
    covariance = np.eye(DIM) / DIM
    for eps in np.geomspace(1, 1e-8, 600):
        weights = weights_given(covariance)
        values, vectors = np.linalg.eigh(weights @ weights.T + eps * np.eye(DIM))
        covariance = (vectors * np.sqrt(values)) @ vectors.T / np.sum(np.sqrt(values))
    assert_close("annealed alternation", weights, found.weights, 3e-3)


def test_zero_weights_have_an_even_covariance():
    assert_close("D", root_with_unit_trace(jnp.zeros((4, 4))), np.eye(4) / 4, 1e-12)
