import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtrl.random_matrix import bayes_coupling, coupling
from mtrl.random_matrix.regression import risk_commuting, risk_general, risk_isotropic
from tests.helpers import assert_close

GRAM, NOISE, N = jnp.array([[0.5, 0.3], [0.3, 0.6]]), jnp.array([0.2, 0.4]), jnp.array([80.0, 200.0])
general, commuting, isotropic = jax.jit(risk_general), jax.jit(risk_commuting), jax.jit(risk_isotropic)


def test_reference_values():
    r = isotropic(coupling(np.array([1.0, 2.0]), 0.5), N, 100, GRAM, NOISE)
    assert_close("signal", r.signal, [0.2526555, 0.09520919], rtol=3e-8)
    assert_close("noise", r.noise, [0.02305659, 0.09842546], rtol=1e-7)
    assert_close("test", r.test, [0.47571209, 0.59363465], rtol=1e-8)
    assert_close("train", r.train, [0.20551179, 0.27962795], rtol=3e-8)
    assert_close("self + cross", np.add(r.self_, r.cross), r.signal, rtol=1e-12)


@jax.jit
@functools.partial(jax.vmap, in_axes=(0, None))
def along_lam(lam, gram):
    ones = jnp.ones(2)
    return risk_isotropic(coupling(ones, lam), 100 * ones, 100, gram, 0.3 * ones)


@pytest.mark.parametrize(
    ("alpha", "test", "train"),
    [
        (0.0, (0.6119, 0.5964, 0.6151, 0.8145), (0.3279, 0.2701, 0.2131, 0.1691)),
        (0.5, (0.6119, 0.5679, 0.5471, 0.6722), (0.3279, 0.2572, 0.1896, 0.1395)),
        (1.0, (0.6119, 0.5394, 0.4792, 0.5300), (0.3279, 0.2443, 0.1660, 0.1100)),
    ],
)
def test_theory_lines_of_the_alignment_figure(alpha, test, train):
    risks = along_lam(np.array([0.0, 0.5, 2.0, 20.0]), np.array([[1.0, alpha], [alpha, 1.0]]) / 2)
    assert_close("test", np.asarray(risks.test)[:, 0], test, rtol=1.5e-4)
    assert_close("train", np.asarray(risks.train)[:, 0], train, rtol=2e-4)


def test_gradients_against_finite_differences():
    """Every hyper-parameter and model statistic at once, implicit gradient within 1e-6 of central differences."""

    def average(q):
        return jnp.mean(
            risk_isotropic(coupling(q[:2], q[2]), q[3:5], q[5], jnp.array([[q[6], q[7]], [q[7], q[8]]]), q[9:]).test
        )

    q = np.array([1.0, 2.0, 0.5, 80.0, 200.0, 100.0, 0.5, 0.3, 0.6, 0.2, 0.4])
    h = 1e-5 * q
    steps = np.diag(h)
    value = jax.jit(jax.vmap(average))
    difference = np.subtract(value(q + steps), value(q - steps)) / (2 * h)
    assert_close("gradient of the risk", jax.jit(jax.grad(average))(q) * q, difference * q, rtol=1e-6)


def test_commuting_equals_general_in_any_common_basis():
    rng = np.random.default_rng(0)
    T, d = 3, 7
    basis = np.linalg.qr(rng.normal(size=(d, d)))[0]
    values = rng.uniform(0.2, 2.0, (T, d))
    covariance = np.einsum("ij,tj,kj->tik", basis, values, basis)
    W, noise, n = rng.normal(size=(T, d)), np.array([0.3, 0.5, 0.2]), np.array([5, 9, 14])
    factor = rng.normal(size=(T, 2))
    B = factor @ factor.T  # rank two: not diag + rank one, and singular
    dense = general(B, n, covariance, W, noise)
    for name, a, b in zip(dense._fields[:6], commuting(B, n, values, W @ basis, noise), dense, strict=False):
        assert_close(f"commuting {name}", a, b, rtol=1e-10)
    small = isotropic(B, n, d, W @ W.T / (T * d), noise)
    same = commuting(B, n, np.ones((T, d)), W, noise)
    for name, a, b in zip(same._fields[:6], small, same, strict=False):
        assert_close(f"isotropic {name}", a, b, rtol=1e-10)


def test_bayes_coupling_is_best_for_every_task_at_once():
    """At B* = Omega/sig2: test = sig2 (1+delta), train = sig2/(1+delta), product sig2^2; random perturbations lower no task."""
    rng = np.random.default_rng(1)
    W, sig2 = rng.normal(size=(2, 10)), 0.3
    noise, gram = jnp.asarray([sig2] * 2), jnp.asarray(W @ W.T / 20)
    best = np.asarray(bayes_coupling(jnp.asarray(W), noise=sig2))
    r = isotropic(best, N, 100, gram, noise)
    assert_close("test times train = sig2^2", np.multiply(r.test, r.train), np.full(2, sig2**2), rtol=1e-11)
    others = rng.normal(size=(200, 2, 2)) * 0.3 + np.linalg.cholesky(best)
    tests = jax.jit(jax.vmap(lambda F: risk_isotropic(F @ F.T, N, 100, gram, noise).test))(others)
    assert np.all(np.asarray(tests) >= np.asarray(r.test) * (1 - 1e-12))
    slope = jax.jit(jax.jacobian(lambda B: risk_isotropic((B + B.T) / 2, N, 100, gram, noise).test))(best)
    assert np.max(np.abs(slope)) < 1e-9
