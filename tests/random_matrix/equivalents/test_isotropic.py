import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtrl.random_matrix import coupling
from mtrl.random_matrix.equivalents import equivalent_isotropic
from mtrl.random_matrix.regression import marchenko_pastur
from tests.helpers import assert_close


def test_reference_values():
    e = equivalent_isotropic(coupling(jnp.array([1.0, 2.0]), 0.5), jnp.array([80, 200]), 100)
    assert_close("delta", e.delta, [0.52143611, 0.45703282], rtol=2e-8)
    assert_close("delta = diag(p0)/T", e.delta, jnp.diagonal(e.P) / 2, rtol=1e-12)
    assert_close("Psi = p0*p0/T", e.Psi, e.P**2 / 2, rtol=1e-12)
    assert_close("kappa", e.kappa, jnp.array([80.0, 200.0]) / (200 * (1 + e.delta)), rtol=1e-14)
    assert_close("D", e.D, e.kappa / (1 + e.delta), rtol=1e-14)


def test_one_task_is_marchenko_pastur():
    """1/(1+delta) = l v(-l) and delta = (d/n) m(-l), l = d/(n gamma)."""
    gamma, n, d = 2.3, 170.0, 100.0
    e = equivalent_isotropic(jnp.array([[gamma]]), jnp.array([n]), d)
    c, level = d / n, d / (n * gamma)
    m = marchenko_pastur(level, c)
    assert_close("delta of one task", e.delta[0], c * m, rtol=1e-10)
    companion = c * m + (1 - c) / level  # v(-l)
    assert_close("1/(1+delta) = l v(-l)", 1 / (1 + e.delta[0]), level * companion, rtol=1e-10)


def test_dimension_may_be_traced_and_mapped():
    deltas = jax.vmap(lambda p: equivalent_isotropic(jnp.eye(2), jnp.array([10.0, 20.0]), p).delta)(
        jnp.array([5.0, 10.0, 40.0])
    )
    assert jnp.all(jnp.diff(deltas, axis=0) > 0)  # fewer samples per dimension, more optimism


def test_extreme_couplings_converge_to_their_rounding():
    """B = 2826.88 I + 186.55: one step rounds to more than 1e-12, which is no reason to iterate 2000 times."""
    e = equivalent_isotropic(2826.88 * jnp.eye(2) + 186.55, jnp.array([302.0, 373.0]), 50)
    assert bool(e.converged) and int(e.iterations) < 40 and float(e.residual) < 1e-10
    assert_close("delta = diag(p0)/T", e.delta, jnp.diagonal(e.P) / 2, rtol=1e-10)


@pytest.mark.parametrize(
    ("dtype", "decades", "accuracy"), [(jnp.float64, 4, 1e-11), (jnp.float32, 2, 1e-4), (jnp.float32, 4, 1e-2)]
)
def test_random_couplings_stop_at_their_accuracy(dtype, decades, accuracy):
    """3000 draws of strengths: every one stops in few steps, and converges where half of the digits can be had."""
    rng = np.random.default_rng(0)
    gamma, lam = 10 ** rng.uniform(-2, decades, (3000, 2)), 10 ** rng.uniform(-2, decades, 3000)
    n = rng.integers(5, 500, (3000, 2))
    solve = jax.jit(jax.vmap(lambda g, lam, n: equivalent_isotropic(jnp.diag(g) + lam, n, 50)))
    e = solve(*(jnp.asarray(a, dtype) for a in (gamma, lam, n)))
    assert int(jnp.max(e.iterations)) < 60 and float(jnp.max(e.residual)) < accuracy
    assert bool(jnp.all(e.converged == (e.residual < jnp.finfo(dtype).eps ** 0.5)))
