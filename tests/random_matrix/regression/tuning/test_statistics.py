import jax
import jax.numpy as jnp
import numpy as np

from mtrl.numerics.linalg.psd import nearest_psd
from mtrl.random_matrix import LinearModel, aligned_hyperplanes, autoregressive_covariance, pack, sample_tasks
from mtrl.random_matrix.regression import (
    ModelStatistics,
    plug_in_risk,
    positive_noise,
    risk_general,
    statistics_from_least_squares,
    statistics_from_moments,
)
from tests.helpers import assert_close, assert_mean
from tests.random_matrix.regression_fixtures import autoregressive_example


def test_moments_are_unbiased(key):
    """Every functional of W used by the prediction, with general covariances; 3000 draws, bias 0."""
    d, counts = 5, (6, 9)
    roots = jnp.stack([jnp.linalg.cholesky(autoregressive_covariance(r, d)) for r in (0.5, 0.2)])
    params = LinearModel(aligned_hyperplanes(key, tasks=2, dim=d, alpha=0.6), roots, jnp.array([0.3, 0.5]))
    covariance = roots @ roots.mT
    found = jax.jit(jax.vmap(lambda k: statistics_from_moments(sample_tasks(k, params, counts=counts), covariance)))(
        jax.random.split(key, 3000)
    )
    truth = params.W @ params.W.T / (2 * d)
    assert_mean("gram", jax.vmap(lambda m: m.gram)(found), truth)
    assert_mean("second moment", found.second, jnp.einsum("ti,tj->tij", params.W, params.W) / (2 * d))
    assert_mean("noise", found.noise, params.noise)


def test_estimated_alignment_is_noisy(key):
    """d = 100, n_t = 100, |w|^2 = d, alpha = .84: truth .42, standard deviation about .155 per draw."""
    d = 100
    params = LinearModel(
        aligned_hyperplanes(key, tasks=2, dim=d, alpha=0.84), jnp.stack([jnp.eye(d)] * 2), jnp.array([0.3, 0.3])
    )

    def draw(k):
        data = sample_tasks(k, params, counts=(100, 100))
        means = jnp.einsum("tni,tn->ti", data.features, data.targets[:, :, 0]) / 100
        return means[0] @ means[1]

    draws = jax.jit(jax.vmap(draw))(jax.random.split(key, 400))
    assert_mean("w_1.w_2/(Td)", draws, 0.42)
    assert 0.05 < float(jnp.std(draws)) < 0.3


def test_true_moments_give_the_oracle_prediction():
    p = autoregressive_example(d=8)
    exact = ModelStatistics(p.W / jnp.sqrt(16.0), jnp.einsum("ti,tj->tij", p.W, p.W) / 16, p.noise)
    assert_close("gram", exact.gram, p.W @ p.W.T / 16, rtol=1e-12)
    ours, oracle = plug_in_risk(p.B, p.n, p.covariance, exact), risk_general(p.B, p.n, p.covariance, p.W, p.noise)
    for name, a, b in zip(oracle._fields[:6], ours, oracle, strict=False):
        assert_close(name, a, b, rtol=1e-9)


def test_clipping_is_named_and_minimal():
    gram = jnp.array([[1.0, 1.5], [1.5, 1.0]])
    clipped = nearest_psd(gram)
    assert_close("eigenvalues", jnp.linalg.eigvalsh(clipped), [0.0, 2.5], atol=1e-12)
    assert_close("a PSD gram is kept", nearest_psd(jnp.eye(2)), np.eye(2), rtol=1e-14)
    assert_close("noise", positive_noise(jnp.array([-0.1, 0.2]), floor=0.01), [0.01, 0.2])


def test_least_squares_moments_are_unbiased(key):
    """Without Sigma, and with unequal covariances and n_t > d; 3000 draws. The naive noise is too small by d/n_t."""
    d, counts = 5, (12, 20)
    roots = jnp.stack([jnp.linalg.cholesky(autoregressive_covariance(r, d)) for r in (0.5, 0.2)])
    params = LinearModel(aligned_hyperplanes(key, tasks=2, dim=d, alpha=0.6), roots, jnp.array([0.3, 0.5]))
    found = jax.jit(jax.vmap(lambda k: statistics_from_least_squares(sample_tasks(k, params, counts=counts))))(
        jax.random.split(key, 3000)
    )
    assert_mean("gram", jax.vmap(lambda m: m.gram)(found), params.W @ params.W.T / (2 * d))
    assert_mean("second moment", found.second, jnp.einsum("ti,tj->tij", params.W, params.W) / (2 * d))
    assert_mean("noise", found.noise, params.noise)


def test_least_squares_moments_count_the_centring(key):
    """Centring per task costs one degree of freedom: noise |r|^2/(n - d - 1)."""
    d, n = 4, 9
    X, y = jax.random.normal(key, (2, n, d)), jax.random.normal(jax.random.fold_in(key, 1), (2, n))
    data = pack(list(X), list(y), center=True)
    design = np.concatenate([np.ones((n, 1)), np.asarray(X[1])], axis=1)
    residual = np.asarray(y[1]) - design @ np.linalg.lstsq(design, np.asarray(y[1]), rcond=None)[0]
    ours = statistics_from_least_squares(data)
    assert_close("noise with an intercept", ours.noise[1], residual @ residual / (n - d - 1), rtol=1e-11)
