import jax
import jax.numpy as jnp

from mtrl.random_matrix.regression import (
    marchenko_pastur,
    optimal_gamma,
    ridgeless_risk,
    risk_exchangeable,
    risk_isotropic,
    single_task_risk,
)
from tests.helpers import assert_close


def test_multitask_prediction_reduces_to_hastie_et_al():
    ours = single_task_risk(2.3, b2=0.8, noise=0.5, ratio=1.7)
    assert_close("reference", ours.test, 0.803010, rtol=1e-6)
    matrix = risk_isotropic(jnp.array([[2.3]]), jnp.array([170.0]), 100, jnp.array([[0.8]]), jnp.array([0.5]))
    scalar = risk_exchangeable(jnp.array([0.8]), gamma=2.3, lam=0.0, noise=0.5, ratio=1.7)
    assert_close("matrix form, T = 1", matrix.test[0], ours.test, rtol=1e-8)
    assert_close("exchangeable form, T = 1", scalar.test, ours.test, rtol=1e-8)


def test_ridgeless_limits():
    assert_close("n/d = .5", ridgeless_risk(b2=0.8, noise=0.5, ratio=0.5), 1.4, rtol=1e-12)
    assert_close("n/d = 2", ridgeless_risk(b2=0.8, noise=0.5, ratio=2.0), 1.0, rtol=1e-12)
    for ratio in (0.5, 2.0):
        near = risk_exchangeable(jnp.array([0.8]), gamma=1e8, lam=0.0, noise=0.5, ratio=ratio).test
        assert_close("limit of the ridge", near, ridgeless_risk(b2=0.8, noise=0.5, ratio=ratio), rtol=1e-6)


def test_best_gamma_is_dobriban_wager():
    best = optimal_gamma(b2=0.8, noise=0.5)
    slope = jax.grad(lambda g: single_task_risk(g, b2=0.8, noise=0.5, ratio=1.7).test)(best)
    assert abs(float(slope)) < 1e-10
    assert float(single_task_risk(best, b2=0.8, noise=0.5, ratio=1.7).test) < float(
        single_task_risk(best * 1.3, b2=0.8, noise=0.5, ratio=1.7).test
    )


def test_stieltjes_transform_of_a_sample_covariance(key):
    n, d, level = 900, 600, 0.4
    X = jax.random.normal(key, (n, d))
    eigenvalues = jnp.linalg.eigvalsh(X.T @ X / n)
    # a trace of a resolvent fluctuates like 1/d: measured relative error below 1%
    assert_close("m(-l)", marchenko_pastur(level, d / n), jnp.mean(1 / (eigenvalues + level)), rtol=0.01)
