import jax
import jax.numpy as jnp
import numpy as np

from mtrl.random_matrix import coupling
from mtrl.random_matrix.equivalents import equivalent_general, equivalent_shared_centre
from mtrl.random_matrix.regression import risk_general, risk_shared_centre
from tests.helpers import assert_close
from tests.random_matrix.regression_fixtures import autoregressive_example


def problem():
    rng = np.random.default_rng(3)
    roots = rng.normal(size=(3, 6, 6)) / np.sqrt(6)
    return dict(
        n=np.array([4, 9, 15]),
        covariance=roots @ roots.transpose(0, 2, 1),
        W=rng.normal(size=(3, 6)),
        noise=np.array([0.2, 0.5, 0.3]),
    )


def test_equal_to_the_dense_equivalent():
    p = problem()
    general, star = jax.jit(risk_general), jax.jit(risk_shared_centre)
    for gamma, lam in ((np.array([0.5, 1.0, 2.0]), 0.7), (np.array([0.0, 0.0, 2.0]), 3.0), (np.ones(3), 0.0)):
        dense = general(coupling(gamma, lam), p["n"], p["covariance"], p["W"], p["noise"])
        ours = star(gamma, np.asarray(lam), p["n"], p["covariance"], p["W"], p["noise"])
        for name, a, b in zip(
            dense._fields[: 6 if lam else 5], ours, dense, strict=False
        ):  # cross is exactly 0 at lam = 0
            assert_close(f"{name} at lam {lam}", a, b, rtol=1e-10)


def test_fixed_point_and_both_routes():
    p = problem()
    gamma = np.array([0.5, 1.0, 2.0])
    dense = jax.jit(equivalent_general)(coupling(gamma, 0.7), p["n"], p["covariance"])
    solve = jax.jit(equivalent_shared_centre, static_argnames="newton")
    for newton in (True, False):
        ours = solve(gamma, 0.7, p["n"], p["covariance"], newton=newton)
        assert bool(ours.converged)
        assert_close("delta", ours.delta, dense.delta, rtol=1e-10)
        assert_close("Psi", ours.Psi, dense.Psi, rtol=1e-10)


def test_gradient_in_the_hyper_parameters():
    p = autoregressive_example(d=6)

    def average(q):
        return jnp.mean(risk_shared_centre(q[:2], q[2], p.n, p.covariance, p.W, p.noise).test)

    q, h = np.array([1.0, 1.3, 0.7]), 1e-5
    value = jax.jit(jax.vmap(average))
    difference = np.subtract(value(q + h * np.eye(3)), value(q - h * np.eye(3))) / (2 * h)
    assert_close("gradient", jax.jit(jax.grad(average))(q), difference, rtol=1e-6)
