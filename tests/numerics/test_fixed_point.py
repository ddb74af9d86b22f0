import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.optimize

from mtrl.numerics.errors import BadInput
from mtrl.numerics.fixed_point import check_converged, default_tolerance, fixed_point
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
    with pytest.raises(BadInput, match=r"within 3 iterations at n_t/d = 1.*last relative change"):
        check_converged(stuck, "n_t/d = 1")
    check_converged(of_parameter(jnp.zeros(2)), "n_t/d = 1")
    poisoned = of_parameter(jnp.array([jnp.nan, 0.0]))
    assert not bool(poisoned.converged)


def test_default_tolerance_follows_the_precision():
    assert default_tolerance(jnp.float64) == 1e-12
    assert default_tolerance(jnp.float32) == pytest.approx(8 * 2**-23)
    assert fixed_point(lambda x: jnp.cos(x), jnp.ones(1, jnp.float32)).value.dtype == jnp.float32
