import jax.numpy as jnp

from mtrl.random_matrix import coupling
from mtrl.random_matrix.regression import risk_isotropic, risk_leading_order
from tests.helpers import assert_close


def test_two_task_fractions_of_the_paper():
    g1, g2, lam, n, d = 1.0, 2.0, 0.5, 80.0, 100.0
    c0 = n / (2 * d)
    gram, ones = jnp.array([[0.5, 0.3], [0.3, 0.6]]), jnp.ones(2)
    ours = risk_leading_order(coupling(jnp.array([g1, g2]), lam), n * ones, d, gram, 0.3 * ones)
    den = ((c0 * (lam + g1) + 1) * (c0 * (lam + g2) + 1) - c0**2 * lam**2) ** 2
    D_IL = [((c0 * (lam + g) + 1) ** 2 + c0**2 * lam**2) / den for g in (g2, g1)]
    C_MTL = -2 * c0 * lam * (c0 * (g1 + lam) + 1 + c0 * (g2 + lam) + 1) / den
    assert_close("D_IL", ours.D_IL, D_IL, rtol=1e-12)
    assert_close("C_MTL", ours.C_MTL[0, 1], C_MTL, rtol=1e-12)
    assert_close(
        "average signal", ours.self_ + ours.cross, (D_IL[0] * 0.5 + D_IL[1] * 0.6 + C_MTL * 0.3) / 2, rtol=1e-12
    )


def test_exact_where_delta_vanishes():
    """Small B: delta -> 0 and the approximation becomes the prediction."""
    gram, noise, n = jnp.array([[0.5, 0.3], [0.3, 0.6]]), jnp.array([0.2, 0.4]), jnp.array([80.0, 200.0])
    B = 1e-4 * coupling(jnp.array([1.0, 2.0]), 0.5)
    ours, exact = risk_leading_order(B, n, 100, gram, noise), risk_isotropic(B, n, 100, gram, noise)
    assert_close("total", ours.total, jnp.mean(exact.test), rtol=1e-6)
    assert_close("noise", ours.noise, jnp.mean(exact.noise), rtol=1e-3)
    assert_close("cross", ours.cross, jnp.mean(exact.cross), rtol=1e-3)
