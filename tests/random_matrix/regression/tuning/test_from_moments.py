"""Predictions from accumulated statistics against those from known parameters, and the pilot's noise against the truth."""

import jax
import jax.numpy as jnp
import numpy as np

from mtrl.numerics import moments
from mtrl.random_matrix.regression import pilot_truth, ridge_from_moments, risk_of_outputs, risk_shared_centre
from tests.helpers import assert_close, assert_mean

T, D, Q, SIGMA = 2, 6, 3, 0.5
RNG = np.random.default_rng(0)
WEIGHTS = RNG.normal(size=(T, D, Q))
GAMMAS, LAMS = jnp.array([0.3, 3.0]), jnp.array([0.0, 1.0])


def statistics(rows, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(T, rows, D))
    y = np.einsum("tnd,tdq->tnq", x, WEIGHTS) / np.sqrt(T * D) + SIGMA * rng.normal(size=(T, rows, Q))
    return moments.moments(jnp.asarray(x), jnp.asarray(y))


def test_outputs_average_the_risks_of_each():
    truth, counts = statistics(200), jnp.array([20.0, 30.0])
    found = jax.jit(risk_of_outputs)(truth, jnp.asarray(WEIGHTS), counts, 0.5, LAMS)
    covariance = truth.gram / truth.count[:, None, None]
    left = truth.square - 2 * jnp.einsum("tdq,tdq->t", truth.cross, WEIGHTS) / np.sqrt(T * D)
    left = left + jnp.einsum("tdq,tde,teq->t", WEIGHTS, truth.gram, WEIGHTS) / (T * D)
    noise, gamma = left / (truth.count * Q), jnp.full(T, 0.5)
    each = [
        risk_shared_centre(gamma, 1.0, counts, covariance, jnp.asarray(WEIGHTS[..., q]), noise).test.mean()
        for q in range(Q)
    ]
    assert_close("mean over outputs at lam = 1", found[1], np.mean(each), rtol=1e-8)


def test_pilot_noise_is_unbiased():
    """Residual per row and output of the statistics that stand for the truth: SIGMA^2, where the fit's own is a fifth too small."""

    @jax.jit
    def noise(data):
        truth, weights = pilot_truth(data, GAMMAS * 1e4, jnp.zeros(1))
        cross = jnp.einsum("tdq,tdq->t", truth.cross, weights) / np.sqrt(T * D)
        gram = jnp.einsum("tdq,tde,teq->t", weights, truth.gram, weights) / (T * D)
        return (truth.square - 2 * cross + gram) / (truth.count * Q)

    found = np.array([np.mean(noise(statistics(30, seed))) for seed in range(60)])
    assert_mean("noise of the pilot", found, SIGMA**2, sigmas=4)  # false alarm: 6e-5


def test_so_large_a_gamma_is_least_squares():
    data = statistics(40)
    found = jax.jit(ridge_from_moments)(data, 1e9, 0.0).weights / np.sqrt(T * D)
    assert_close("least squares", found, jnp.linalg.solve(data.gram, data.cross), rtol=1e-6)
