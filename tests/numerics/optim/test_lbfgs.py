import jax
import jax.numpy as jnp
import numpy as np
import scipy.optimize

from mtrl.numerics.optim.lbfgs import minimise
from tests.helpers import assert_close


def rosenbrock(v):
    return jnp.sum(100 * (v[1:] - v[:-1] ** 2) ** 2 + (1 - v[:-1]) ** 2)


def test_rosenbrock_matches_scipy():
    start = jnp.array([-1.2, 1.0, 0.5])
    found = minimise(rosenbrock, start, value_tolerance=0.0, gradient_tolerance=1e-9)
    gradient = jax.grad(rosenbrock)
    reference = scipy.optimize.minimize(rosenbrock, np.asarray(start), jac=gradient, method="L-BFGS-B", tol=1e-15)
    assert_close("minimiser", found.point, reference.x, 1e-5)
    assert bool(found.converged)
    assert float(found.gradient_norm) <= 1e-9


def test_running_out_of_iterations_is_reported():
    found = minimise(rosenbrock, jnp.array([-1.2, 1.0, 0.5]), iterations=3)
    assert not bool(found.converged)
    assert int(found.iterations) == 3
    assert_close("gradient norm", found.gradient_norm, np.abs(jax.grad(rosenbrock)(found.point)).max(), 1e-10)


def test_starting_at_the_minimum_takes_no_step():
    found = minimise(rosenbrock, jnp.ones(3))
    assert int(found.iterations) == 0
    assert bool(found.converged)


def test_the_value_tolerance_is_relative_to_the_larger_size():
    """SciPy's `(f_k - f_{k+1}) / max(|f_k|, |f_{k+1}|, 1)`: from 0 down it is 1, and at most the fall where both are small."""
    for depth, tolerance in ((100.0, 1.0), (1e-3, 3e-3)):
        bowl = lambda v, depth=depth: depth * jnp.sum((v - 1) ** 2) - depth * 3  # noqa: E731
        found = minimise(bowl, jnp.zeros(3), value_tolerance=tolerance, gradient_tolerance=0.0)
        assert bool(found.converged) and int(found.iterations) == 1 and float(found.value) < 0


def test_either_tolerance_alone_stops():
    start = jnp.array([-1.2, 1.0, 0.5])
    by_value = minimise(rosenbrock, start, value_tolerance=jnp.inf, gradient_tolerance=0.0)
    assert int(by_value.iterations) == 1 and bool(by_value.converged)
    by_gradient = minimise(rosenbrock, start, value_tolerance=-jnp.inf, gradient_tolerance=1.0)
    assert bool(by_gradient.converged) and float(by_gradient.gradient_norm) <= 1.0
