import jax
import jax.numpy as jnp
import numpy as np

from mtrl.random_matrix.equivalents import coupled_inverse_dense, equivalent_general
from mtrl.random_matrix.regression import mean_error, risk_general, risk_isotropic
from tests.helpers import assert_close
from tests.random_matrix.regression_fixtures import autoregressive_example

general = jax.jit(risk_general)


def test_reference_values():
    p = autoregressive_example()
    solve = jax.jit(equivalent_general, static_argnames="newton")
    e, plain = solve(p.B, p.n, p.covariance), solve(p.B, p.n, p.covariance, newton=False)
    assert_close("delta", e.delta, [0.49601641, 0.36351226], rtol=2e-8)
    assert_close("delta by plain iteration", plain.delta, e.delta, rtol=1e-11)
    u = np.asarray(jax.jit(mean_error)(p.B, e.kappa, p.covariance, p.W))
    assert_close("K", np.einsum("si,sij,sj->s", u, p.covariance, u) / 40, [0.13478126, 0.05523546], rtol=5e-8)
    r = general(p.B, p.n, p.covariance, p.W, p.noise)
    assert_close("test", r.test, [0.49169122, 0.41704219], rtol=2e-8)
    assert_close("train", r.train, [0.21969478, 0.22431685], rtol=3e-8)
    assert_close("cross", r.cross, [-0.00053865, -0.00010466], rtol=1e-5)


def test_inverse_of_the_definition():
    p = autoregressive_example()
    k = np.array([0.3, 0.6])
    T, d = p.W.shape
    blocks = np.einsum("st,s,sij->sitj", np.eye(T), k, p.covariance).reshape(T * d, T * d)
    direct = np.linalg.inv(np.kron(np.linalg.inv(p.B), np.eye(d)) + blocks)
    ours = jax.jit(coupled_inverse_dense)(p.B, k, p.covariance)
    assert_close("P", np.asarray(ours).reshape(T * d, T * d), direct, rtol=1e-11)


def test_identity_covariance_is_the_small_formula():
    p = autoregressive_example(d=8)
    r = general(p.B, p.n, np.stack([np.eye(8)] * 2), p.W, p.noise)
    W = np.asarray(p.W)
    small = jax.jit(risk_isotropic)(p.B, p.n, 8, W @ W.T / 16, p.noise)
    for name, a, b in zip(r._fields[:6], r, small, strict=False):
        assert_close(name, a, b, rtol=1e-11)


def test_gradients_against_finite_differences():
    """lam, both gamma, noise, a scale of Sigma and a direction of W, through the dense fixed point."""
    p = autoregressive_example(d=6)

    def average(q):
        B = jnp.diag(q[:2]) + q[2]
        W = p.W + (q[4] - 1) * p.W[::-1]
        covariance = p.covariance.at[0].multiply(q[5])
        return jnp.mean(risk_general(B, p.n.astype(float) / 3.0, covariance, W, q[3] * p.noise).test)

    q = np.array([1.0, 1.3, 0.7, 1.0, 1.0, 1.0])
    h = 1e-5
    value = jax.jit(jax.vmap(average))
    difference = np.subtract(value(q + h * np.eye(6)), value(q - h * np.eye(6))) / (2 * h)
    assert_close("gradient", jax.jit(jax.grad(average))(q), difference, rtol=1e-6)
