import jax
import jax.numpy as jnp

from mtrl.random_matrix.coupling import coupling
from mtrl.random_matrix.isotropic import fixed_point_isotropic
from mtrl.random_matrix.single_task import marchenko_pastur
from tests.helpers import assert_close


def test_reference_values():
    e = fixed_point_isotropic(coupling(jnp.array([1.0, 2.0]), 0.5), jnp.array([80, 200]), 100)
    assert_close("delta", e.delta, [0.52143611, 0.45703282], rtol=2e-8)
    assert_close("delta = diag(p0)/T", e.delta, jnp.diagonal(e.p0) / 2, rtol=1e-12)
    assert_close("Psi = p0*p0/T", e.Psi, e.p0**2 / 2, rtol=1e-12)
    assert_close("kappa", e.kappa, jnp.array([80, 200]) / (200 * (1 + e.delta)), rtol=1e-14)
    assert_close("D", e.D, e.kappa / (1 + e.delta), rtol=1e-14)


def test_one_task_is_marchenko_pastur():
    """1/(1+delta) = l v(-l) and delta = (d/n) m(-l), l = d/(n gamma)."""
    gamma, n, d = 2.3, 170.0, 100.0
    e = fixed_point_isotropic(jnp.array([[gamma]]), jnp.array([n]), d)
    c, level = d / n, d / (n * gamma)
    m = marchenko_pastur(level, c)
    assert_close("delta of one task", e.delta[0], c * m, rtol=1e-10)
    companion = c * m + (1 - c) / level  # v(-l)
    assert_close("1/(1+delta) = l v(-l)", 1 / (1 + e.delta[0]), level * companion, rtol=1e-10)


def test_dimension_may_be_traced_and_mapped():
    deltas = jax.vmap(lambda p: fixed_point_isotropic(jnp.eye(2), jnp.array([10.0, 20.0]), p).delta)(
        jnp.array([5.0, 10.0, 40.0])
    )
    assert jnp.all(jnp.diff(deltas, axis=0) > 0)  # fewer samples per dimension, more optimism
