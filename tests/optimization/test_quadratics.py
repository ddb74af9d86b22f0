import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtrl.numerics.errors import BadInput
from mtrl.optimization import quadratics
from tests.helpers import assert_close

WEIGHTS = jnp.array([0.2, 0.3, 0.5])


def all_of_it():
    problem = quadratics.sample(jax.random.key(0), tasks=3, dim=5)
    x = quadratics.pareto_point(problem, WEIGHTS)
    reverse = jax.jacrev(lambda x: quadratics.losses(problem, x))(x)
    stops = [quadratics.stop(problem, at) for at in (x, x + 1.0, x * jnp.nan, problem.centres[1])]
    return problem, x, quadratics.gradients(problem, x), reverse, stops


def test_pareto_points_are_known():
    problem, x, rows, reverse, (found, away, nothing, own) = jax.jit(all_of_it)()
    values = np.linalg.eigvalsh(problem.hessians)
    assert_close("condition", values[:, -1] / values[:, 0], 1e3, 1e-9)
    assert_close("gradients", rows, reverse, 1e-10)
    assert_close("stationary", np.asarray(WEIGHTS) @ np.asarray(rows), np.zeros(5), 0, 1e-12)
    assert_close("weights back", found.weights, WEIGHTS, 1e-3)
    assert bool(found.converged) and float(found.distance) < 0.01
    assert not bool(away.converged) and not bool(nothing.converged)
    assert bool(own.converged) and own.slope == 0, "one task's optimum is stationary, with that task's weight alone"
    assert_close("weights at the optimum of a task", own.weights, [0, 1, 0], 1e-12)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (dict(tasks=1), "tasks got 1, but must be a whole number of at least 2"),
        (dict(condition=0.0), "condition got 0"),
        (dict(dim=0), "dim got 0"),
    ],
)
def test_bad_input(bad, message):
    with pytest.raises(BadInput, match=message):
        quadratics.sample(jax.random.key(0), **{"tasks": 2, "dim": 2, **bad})


def test_weights_of_another_length():
    problem = quadratics.sample(jax.random.key(0), tasks=3, dim=5)
    with pytest.raises(BadInput, match="weights have shape"):
        quadratics.pareto_point(problem, jnp.ones(2))
