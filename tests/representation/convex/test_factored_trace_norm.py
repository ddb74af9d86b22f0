import jax

from mtrl.numerics.optim import proximal
from mtrl.representation.convex.factored_trace_norm import factored_trace_norm
from mtrl.representation.convex.quadratic import value
from mtrl.representation.convex.trace_norm import trace_norm
from tests.helpers import assert_close
from tests.representation.convex.fixtures import EXACT, solve, term


def test_reaches_the_optimum_of_the_convex_form():
    convex = solve(trace_norm, gap=EXACT)(0.4).weights
    found = jax.jit(lambda k, data_term: factored_trace_norm(k, data_term, 0.4, rank=5))(jax.random.key(0), term())

    def objective(w):
        return value(term(), w) + 0.4 * proximal.trace_norm(w)

    assert_close("objective", objective(found.weights), objective(convex), 1e-6)
    assert_close("weights", found.weights, convex, 1e-4)
    assert bool(found.converged)
