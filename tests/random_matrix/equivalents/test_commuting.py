import jax
import jax.numpy as jnp
import numpy as np

from mtrl.random_matrix import coupling
from mtrl.random_matrix.equivalents import coupled_inverse, equivalent_commuting
from tests.helpers import assert_close

solve = jax.jit(equivalent_commuting, static_argnames="newton")


def test_newton_and_plain_iteration_agree_and_newton_is_short():
    """The hard place of the fixed point: n_t = d and large B (plain iteration takes over 100 steps)."""
    n, values, m = np.array([100, 100]), np.ones((2, 1)), np.array([100.0])
    B = coupling(np.full(2, 100.0), 100.0)
    newton, plain = solve(B, n, values, m), solve(B, n, values, m, newton=False)
    assert bool(newton.converged) and bool(plain.converged)
    assert_close("delta by Newton and by iteration", newton.delta, plain.delta, rtol=1e-9)
    assert int(newton.iterations) < 12 < 100 < int(plain.iterations) < 2000


def test_singular_coupling_needs_no_inverse():
    B = coupling(np.zeros(3), 0.7)  # rank one: pooled regression
    k = np.array([0.2, 0.5, 0.1])
    exact = 0.7 / (1 + 0.7 * 0.8) * np.ones((3, 3))
    assert_close("(B^-1 + K)^-1 of a rank-one B", jax.jit(coupled_inverse)(B, k), exact, rtol=1e-13)


def test_jacobian_of_the_fixed_point_is_psi_d():
    """d delta/d n from the implicit function theorem: (I - Psi D)^-1 times -Psi kappa/n."""
    B, n = coupling(np.array([1.0, 2.0]), 0.5), np.array([30.0, 90.0])
    values, m = jnp.array([[1.0, 0.3], [0.5, 2.0]]), jnp.array([20.0, 30.0])
    e = solve(B, n, values, m)
    ours = jax.jit(jax.jacobian(lambda n: equivalent_commuting(B, n, values, m).delta))(n)
    Psi, D, kappa = (np.asarray(part) for part in (e.Psi, e.D, e.kappa))
    expected = -np.linalg.solve(np.eye(2) - Psi * D, Psi * (kappa / n))
    assert_close("d delta/d n", ours, expected, rtol=1e-9)
