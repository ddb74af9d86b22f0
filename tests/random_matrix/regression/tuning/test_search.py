import functools

import jax
import jax.numpy as jnp
import numpy as np
import scipy.optimize

from mtrl.numerics.optim.lbfgs import minimise
from mtrl.random_matrix import bayes_coupling, coupling, whiten_noise
from mtrl.random_matrix.regression import (
    aligned_energies,
    large_n_lam,
    minimise_nonnegative,
    risk_exchangeable,
    risk_general,
    risk_isotropic,
)
from tests.helpers import assert_close


@jax.jit
def risk(lam, q):
    return risk_exchangeable(aligned_energies(q[1], 2), gamma=q[0], lam=lam, noise=q[2], ratio=q[3]).test


@jax.jit
@jax.vmap
def lowest(q):
    return minimise_nonnegative(lambda lam: risk(lam, q))


def gram(alpha):
    return jnp.asarray([[0.5, alpha / 2], [alpha / 2, 0.5]])


def test_exact_lam_and_the_large_n_formula():
    """Published comparison of the formula with the exact minimiser, at n_t/d = .5, 1.5, 2.5."""
    cases = np.array(
        [(g, a, s, r) for g, a, s in ((10.0, 0.9, 0.1), (1.0, 0.0, 0.2), (3.0, 0.5, 0.2)) for r in (0.5, 1.5, 2.5)]
    )
    best = lowest(cases)
    # the reference came from a coarser search of a flat minimum: 0.4%
    assert_close("exact lam*", best.argument, [22.64, 6.71, 5.04, 0.78, 1.05, 1.28, 2.57, 2.39, 2.32], rtol=4e-3)
    formula = [
        large_n_lam(gram(a), gamma=g, noise=s) for g, a, s in ((10.0, 0.9, 0.1), (1.0, 0.0, 0.2), (3.0, 0.5, 0.2))
    ]
    assert_close("large-n formula", np.array(formula), [4.5, 2.0, 2.25], rtol=1e-12)
    theirs = scipy.optimize.minimize_scalar(
        lambda x: float(risk(np.exp(x), cases[1])), bounds=(0, 4), method="bounded", options={"xatol": 1e-8}
    )
    assert_close("scipy bounded search", np.asarray(best.argument)[1], np.exp(theirs.x), rtol=1e-5)


def test_zero_is_a_candidate():
    q = np.array([[10.0, 0.9, 0.21, 2.5], [1.0, -0.5, 0.3, 1.0]])  # increasing in lam; opposed tasks
    best = lowest(q)
    assert_close("lam*", best.argument, np.zeros(2))
    assert float(large_n_lam(gram(-0.5), gamma=10.0, noise=0.2)) == 0.0


def test_formula_is_the_limit_of_many_samples():
    best = lowest(np.array([[3.0, 0.5, 0.2, 1e4]]))
    assert_close("n/d = 1e4", best.argument[0], large_n_lam(gram(0.5), gamma=3.0, noise=0.2), rtol=1e-3)


def test_gradient_descent_finds_the_joint_optimum():
    """Two tasks: lam* = alpha/sig2, gamma* = (1-alpha)/sig2, the Bayes coupling."""
    n, noise = jnp.array([80.0, 120.0]), jnp.array([0.3, 0.3])
    found = jax.jit(
        lambda start: minimise(
            lambda q: jnp.mean(risk_isotropic(coupling(jnp.exp(q[:2]), jnp.exp(q[2])), n, 100, gram(0.4), noise).test),
            start,
            value_tolerance=0.0,
            gradient_tolerance=1e-8,
        )
    )(np.zeros(3))
    assert_close("gamma*, lam*", np.exp(found.point), np.array([0.6, 0.6, 0.4]) / 0.3, rtol=1e-5)
    assert float(found.gradient_norm) < 1e-7
    W = np.sqrt(50.0) * np.array([[1.0, 0.0], [0.4, (1 - 0.16) ** 0.5]]) @ np.eye(2, 50)
    assert_close(
        "closed form", bayes_coupling(jnp.asarray(W), noise=0.3), coupling(np.array([2.0, 2.0]), 0.4 / 0.3), rtol=1e-12
    )


def test_unequal_noise_is_whitened_first():
    """Dividing X_t, Y_t by sig_t makes Sigma_t = I/sig_t^2 and the noise 1: then B* = Omega is stationary for every task."""
    rng, noise = np.random.default_rng(0), jnp.array([0.2, 0.6])
    covariance = whiten_noise(whiten_noise(jnp.asarray(np.stack([np.eye(8)] * 2)), noise), noise)
    best = np.asarray(bayes_coupling(jnp.asarray(rng.normal(size=(2, 8))), noise=1.0))
    # W with exactly this gram
    rows = np.linalg.qr(rng.normal(size=(8, 8)))[0][:2] * np.sqrt(8.0)
    W, n, ones = jnp.asarray(np.linalg.cholesky(best) @ rows), jnp.array([6.0, 12.0]), jnp.array([1.0, 1.0])
    slope = jax.jit(jax.jacobian(lambda B: risk_general((B + B.T) / 2, n, covariance, W, ones).test))(best)
    assert np.max(np.abs(slope)) < 1e-9


def test_without_task_parts_unshared_energy_is_noise():
    """gamma -> 0: lam* is the shared energy over noise plus unshared energy, at every n_t/d, where the formula has noise alone."""
    cases = np.array([[1e-6, 0.5, 0.2, r] for r in (0.5, 1.5, 4.0)])
    best = lowest(cases)
    assert_close("lam* of the pooled ridge", best.argument, np.full(3, 0.75 / (0.2 + 0.125)), rtol=1e-5)
    assert_close("formula", large_n_lam(gram(0.5), gamma=0.0, noise=0.2), 3.75, rtol=1e-12)


def test_unknown_values_give_no_minimum():
    for f in (lambda x: x / x, lambda x: jnp.log(x - 1.0)):  # NaN at 0; NaN below 1
        best = jax.jit(functools.partial(minimise_nonnegative, f, grid=5, iterations=2))()
        assert np.isnan(best.argument) and np.isnan(best.value)


def test_the_bayes_coupling_is_not_the_minimiser_for_other_covariances():
    """One task, w along a short axis of Sigma: much more shrinkage than |w|^2/(d sig2) is better."""
    W, covariance = jnp.asarray(np.eye(1, 5)[:, ::-1] * 5**0.5), jnp.asarray(np.diag([4.0, 1.0, 1.0, 1.0, 0.2])[None])
    n, one = jnp.array([8.0]), jnp.array([1.0])
    risk = jax.jit(lambda B: risk_general(B[None, None], n, covariance, W, one).test[0])
    best = jax.jit(lambda: minimise_nonnegative(risk))()
    bayes = bayes_coupling(W, noise=1.0)[0, 0]
    assert float(best.value) < 0.9 * float(risk(bayes)) and float(best.argument) < 0.1 * float(bayes)
