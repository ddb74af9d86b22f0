import jax
import jax.numpy as jnp

from mtrl.random_matrix import coupling
from mtrl.random_matrix.equivalents import coupled_inverse, equivalent_commuting
from tests.helpers import assert_close


def test_newton_and_plain_iteration_agree_and_newton_is_short():
    """The hard place of the fixed point: n_t = d and large B (plain iteration takes over 100 steps)."""
    n, values, m = jnp.array([100, 100]), jnp.ones((2, 1)), jnp.array([100.0])
    B = coupling(jnp.full(2, 100.0), 100.0)
    newton, plain = equivalent_commuting(B, n, values, m), equivalent_commuting(B, n, values, m, newton=False)
    assert bool(newton.converged) and bool(plain.converged)
    assert_close("delta by Newton and by iteration", newton.delta, plain.delta, rtol=1e-9)
    assert int(newton.iterations) < 12 < 100 < int(plain.iterations) < 2000


def test_singular_coupling_needs_no_inverse():
    B = coupling(jnp.zeros(3), 0.7)  # rank one: pooled regression
    k = jnp.array([0.2, 0.5, 0.1])
    exact = 0.7 / (1 + 0.7 * 0.8) * jnp.ones((3, 3))
    assert_close("(B^-1 + K)^-1 of a rank-one B", coupled_inverse(B, k), exact, rtol=1e-13)


def test_jacobian_of_the_fixed_point_is_psi_d():
    """d delta/d n from the implicit function theorem: (I - Psi D)^-1 times -Psi kappa/n."""
    B, n = coupling(jnp.array([1.0, 2.0]), 0.5), jnp.array([30.0, 90.0])
    values, m = jnp.array([[1.0, 0.3], [0.5, 2.0]]), jnp.array([20.0, 30.0])
    e = equivalent_commuting(B, n, values, m)
    ours = jax.jacobian(lambda n: equivalent_commuting(B, n, values, m).delta)(n)
    expected = -jnp.linalg.solve(jnp.eye(2) - e.Psi * e.D, e.Psi * (e.kappa / n))
    assert_close("d delta/d n", ours, expected, rtol=1e-9)
