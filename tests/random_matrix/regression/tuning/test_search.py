import jax
import jax.numpy as jnp
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


def risk(lam, q):
    return risk_exchangeable(aligned_energies(q[1], 2), gamma=q[0], lam=lam, noise=q[2], ratio=q[3]).test


def gram(alpha):
    return jnp.array([[1.0, alpha], [alpha, 1.0]]) / 2


def test_exact_lam_and_the_large_n_formula():
    """Published comparison of the formula with the exact minimiser, at n_t/d = .5, 1.5, 2.5."""
    cases = jnp.array(
        [(g, a, s, r) for g, a, s in ((10.0, 0.9, 0.1), (1.0, 0.0, 0.2), (3.0, 0.5, 0.2)) for r in (0.5, 1.5, 2.5)]
    )
    best = jax.jit(jax.vmap(lambda q: minimise_nonnegative(lambda lam: risk(lam, q))))(cases)
    # the reference came from a coarser search of a flat minimum: 0.4%
    assert_close("exact lam*", best.argument, [22.64, 6.71, 5.04, 0.78, 1.05, 1.28, 2.57, 2.39, 2.32], rtol=4e-3)
    formula = [
        large_n_lam(gram(a), gamma=g, noise=s) for g, a, s in ((10.0, 0.9, 0.1), (1.0, 0.0, 0.2), (3.0, 0.5, 0.2))
    ]
    assert_close("large-n formula", jnp.array(formula), [4.5, 2.0, 2.25], rtol=1e-12)
    theirs = scipy.optimize.minimize_scalar(
        lambda x: float(risk(jnp.exp(x), cases[1])), bounds=(0, 4), method="bounded", options={"xatol": 1e-8}
    )
    assert_close("scipy bounded search", best.argument[1], jnp.exp(theirs.x), rtol=1e-5)


def test_zero_is_a_candidate():
    q = jnp.array([[10.0, 0.9, 0.21, 2.5], [1.0, -0.5, 0.3, 1.0]])  # increasing in lam; opposed tasks
    best = jax.vmap(lambda q: minimise_nonnegative(lambda lam: risk(lam, q)))(q)
    assert_close("lam*", best.argument, jnp.zeros(2))
    assert float(large_n_lam(gram(-0.5), gamma=10.0, noise=0.2)) == 0.0


def test_formula_is_the_limit_of_many_samples():
    best = minimise_nonnegative(lambda lam: risk(lam, jnp.array([3.0, 0.5, 0.2, 1e4])))
    assert_close("n/d = 1e4", best.argument, large_n_lam(gram(0.5), gamma=3.0, noise=0.2), rtol=1e-3)


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
    )(jnp.zeros(3))
    assert_close("gamma*, lam*", jnp.exp(found.point), jnp.array([0.6, 0.6, 0.4]) / 0.3, rtol=1e-5)
    assert float(found.gradient_norm) < 1e-7
    W = jnp.sqrt(50.0) * jnp.array([[1.0, 0.0], [0.4, (1 - 0.16) ** 0.5]]) @ jnp.eye(2, 50)
    assert_close("closed form", bayes_coupling(W, noise=0.3), coupling(jnp.array([2.0, 2.0]), 0.4 / 0.3), rtol=1e-12)


def test_unequal_noise_is_whitened_first():
    """Dividing X_t, Y_t by sig_t makes Sigma_t = I/sig_t^2 and the noise 1: then B* = Omega is stationary for every task."""
    key, noise = jax.random.key(0), jnp.array([0.2, 0.6])
    W = jax.random.normal(key, (2, 8))
    covariance = whiten_noise(whiten_noise(jnp.stack([jnp.eye(8)] * 2), noise), noise)
    best = bayes_coupling(W, noise=1.0)
    # W with exactly this gram
    rows = jnp.linalg.qr(jax.random.normal(key, (8, 8)))[0][:2] * jnp.sqrt(8.0)
    W = jnp.linalg.cholesky(best) @ rows
    slope = jax.jacobian(
        lambda B: risk_general((B + B.T) / 2, jnp.array([6.0, 12.0]), covariance, W, jnp.ones(2)).test
    )(best)
    assert float(jnp.max(jnp.abs(slope))) < 1e-9


def test_without_task_parts_unshared_energy_is_noise():
    """gamma -> 0: lam* is the shared energy over noise plus unshared energy, at every n_t/d, where the formula has noise alone."""
    cases = jnp.array([[1e-6, 0.5, 0.2, r] for r in (0.5, 1.5, 4.0)])
    best = jax.jit(jax.vmap(lambda q: minimise_nonnegative(lambda lam: risk(lam, q))))(cases)
    assert_close("lam* of the pooled ridge", best.argument, jnp.full(3, 0.75 / (0.2 + 0.125)), rtol=1e-5)
    assert_close("formula", large_n_lam(gram(0.5), gamma=0.0, noise=0.2), 3.75, rtol=1e-12)


def test_unknown_values_give_no_minimum():
    for f in (lambda x: x / x, lambda x: jnp.log(x - 1.0)):  # NaN at 0; NaN below 1
        best = minimise_nonnegative(f, grid=5, iterations=2)
        assert jnp.isnan(best.argument) and jnp.isnan(best.value)


def test_the_bayes_coupling_is_not_the_minimiser_for_other_covariances():
    """One task, w along a short axis of Sigma: much more shrinkage than |w|^2/(d sig2) is better."""
    W, covariance = jnp.eye(1, 5)[:, ::-1] * 5**0.5, jnp.diag(jnp.array([4.0, 1.0, 1.0, 1.0, 0.2]))[None]
    risk = lambda B: risk_general(B[None, None], jnp.array([8.0]), covariance, W, jnp.ones(1)).test[0]  # noqa: E731
    best = minimise_nonnegative(risk)
    bayes = bayes_coupling(W, noise=1.0)[0, 0]
    assert float(best.value) < 0.9 * float(risk(bayes)) and float(best.argument) < 0.1 * float(bayes)
