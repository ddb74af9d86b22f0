import jax

from mtrl.numerics.optim import proximal
from mtrl.representation.classical.factored_trace_norm import factored_trace_norm
from mtrl.representation.classical.loss import value
from mtrl.representation.classical.trace_norm import trace_norm
from tests.helpers import assert_close
from tests.representation.classical.fixtures import LONG, loss, solve


def test_reaches_the_optimum_of_the_convex_form():
    convex = solve(trace_norm, iterations=LONG)(0.4).weights
    found = jax.jit(lambda k, data_term: factored_trace_norm(k, data_term, 0.4, rank=5))(jax.random.key(0), loss())

    def objective(w):
        return value(loss(), w) + 0.4 * proximal.trace_norm(w)

    assert_close("objective", objective(found.weights), objective(convex), 1e-6)
    assert_close("weights", found.weights, convex, 1e-4)
    assert float(found.residual) < 1e-6
