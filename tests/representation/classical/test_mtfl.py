import cvxpy as cp
import jax.numpy as jnp

from mtrl.numerics.optim import proximal
from mtrl.representation.classical.loss import value
from mtrl.representation.classical.mtfl import mtfl, mtfl_objective
from mtrl.representation.classical.trace_norm import trace_norm
from tests.helpers import assert_close
from tests.representation.classical.fixtures import LONG, loss, reference, solve

GAMMA = 0.02


def test_is_the_squared_trace_norm():
    found = solve(mtfl, iterations=1500)(GAMMA)
    weights, minimum = reference(lambda w: GAMMA * cp.square(cp.normNuc(w)))
    assert_close("objective", mtfl_objective(loss(), found.weights, GAMMA), minimum, 1e-5)
    assert_close("weights", found.weights, weights, 1e-3)
    assert_close("trace of D", jnp.trace(found.covariance), 1.0, 1e-9)
    assert float(found.residual) < 1e-3


def test_equals_the_trace_norm_at_the_matching_weight():
    found = solve(mtfl, iterations=400)(GAMMA).weights
    lam = 2 * GAMMA * proximal.trace_norm(found)
    assert_close("lam = 2 gamma ||W||_*", found, solve(trace_norm, iterations=LONG)(lam).weights, 1e-3)


def test_annealing_beats_a_fixed_tiny_eps():
    annealed = solve(mtfl, iterations=400)(GAMMA).weights
    frozen = solve(mtfl, eps_start=1e-12, eps_end=1e-12)(GAMMA).weights
    assert float(mtfl_objective(loss(), annealed, GAMMA)) <= float(mtfl_objective(loss(), frozen, GAMMA)) + 1e-9
    assert float(value(loss(), annealed)) > 0
