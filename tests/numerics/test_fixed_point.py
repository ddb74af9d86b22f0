import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.optimize

from mtrl.numerics.errors import BadInput
from mtrl.numerics.fixed_point import check_converged, default_tolerance, fixed_point, newton_fixed_point
from tests.helpers import assert_close


def of_parameter(a, **options):
    """x = cos(M x + a), a contraction."""
    M = jnp.array([[0.3, 0.1], [-0.2, 0.2]])
    return fixed_point(lambda x: jnp.cos(M @ x + a), jnp.zeros(2), **options)


def test_solution_and_derivatives_of_any_order():
    a = jnp.array([0.4, -0.7])
    found = of_parameter(a)
    assert bool(found.converged)
    M = np.array([[0.3, 0.1], [-0.2, 0.2]])
    reference = scipy.optimize.root(lambda x: x - np.cos(M @ x + np.asarray(a)), np.zeros(2), tol=1e-14).x
    assert_close("fixed point against scipy.optimize.root", found.value, reference, rtol=1e-10)

    def total(t):
        return jnp.sum(of_parameter(a * t).value ** 2)

    h = 1e-4
    difference = (total(1 + h) - total(1 - h)) / (2 * h)
    assert_close("implicit gradient, reverse mode", jax.grad(total)(1.0), difference, rtol=1e-7)
    assert_close("implicit gradient, forward mode", jax.jacfwd(total)(1.0), difference, rtol=1e-7)
    second = (jax.grad(total)(1 + h) - jax.grad(total)(1 - h)) / (2 * h)
    assert_close("second derivative", jax.grad(jax.grad(total))(1.0), second, rtol=1e-6)


def test_a_step_changes_the_route_not_the_solution():
    newton = fixed_point(lambda x: jnp.cos(x), jnp.ones(1), step=lambda x: x - (x - jnp.cos(x)) / (1 + jnp.sin(x)))
    plain = fixed_point(lambda x: jnp.cos(x), jnp.ones(1))
    assert_close("Dottie number", newton.value, 0.7390851332151607, rtol=1e-14)
    assert_close("plain iteration", plain.value, newton.value, rtol=1e-11)
    assert int(newton.iterations) < int(plain.iterations)


def test_failure_is_a_value_and_the_check_says_where():
    stuck = of_parameter(jnp.zeros(2), max_iterations=3)
    assert not bool(stuck.converged) and int(stuck.iterations) == 3
    with pytest.raises(BadInput, match="at n_t/d = 1: last relative change"):
        check_converged(stuck, "n_t/d = 1")
    check_converged(of_parameter(jnp.zeros(2)), "n_t/d = 1")
    poisoned = of_parameter(jnp.array([jnp.nan, 0.0]))
    assert not bool(poisoned.converged)


def test_default_tolerance_follows_the_precision():
    assert default_tolerance(jnp.float64) == 1e-12
    assert default_tolerance(jnp.float32) == pytest.approx(8 * 2**-23)
    assert fixed_point(lambda x: jnp.cos(x), jnp.ones(1, jnp.float32)).value.dtype == jnp.float32


def test_rounding_is_not_non_convergence():
    """A map whose arithmetic loses digits moves by its rounding for ever: that is the floor, reached in few steps and reported."""

    def f(x):
        return (jnp.cos(x) + 1e6) - 1e6  # rounds to 1e-10

    found = fixed_point(f, jnp.ones(1))
    assert bool(found.converged) and int(found.iterations) < 100 and float(found.residual) < 1e-8
    assert_close("Dottie number to the floor", found.value, 0.7390851332151607, rtol=1e-9)
    # a limit cycle is no floor
    turning = fixed_point(lambda x: 1 - x, jnp.full(1, 0.2), max_iterations=50)
    assert not bool(turning.converged) and int(turning.iterations) == 50


def test_newton_takes_the_jacobian_that_comes_with_the_map():
    """x = sqrt(x + a), entrywise and mixed: increasing, concave, from an upper bound down to the largest root."""
    mix, a = jnp.array([[0.6, 0.4], [0.1, 0.9]]), jnp.array([1.0, 2.0])

    def f_and_jacobian(x):
        root = jnp.sqrt(mix @ x + a)
        return root, mix / (2 * root[:, None])

    newton = newton_fixed_point(f_and_jacobian, jnp.full(2, 10.0))
    plain = newton_fixed_point(f_and_jacobian, jnp.full(2, 10.0), newton=False)
    reference = scipy.optimize.root(lambda x: x - np.sqrt(mix @ x + a), np.full(2, 2.0), tol=1e-14).x
    assert_close("scipy.optimize.root", newton.value, reference, rtol=1e-12)
    assert_close("plain iteration", plain.value, newton.value, rtol=1e-11)
    assert int(newton.iterations) < int(plain.iterations)
    assert not bool(newton_fixed_point(f_and_jacobian, jnp.full(2, jnp.nan)).converged)
