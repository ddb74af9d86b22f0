import jax
import jax.numpy as jnp
import numpy as np

from mtrl.random_matrix import coupling
from mtrl.random_matrix.classification.general import mean_gram_of_classes, score_equivalent_general
from mtrl.random_matrix.classification.problem import Mixture, mean_differences, related_means
from mtrl.random_matrix.classification.theory import mean_gram, score_equivalent
from tests.helpers import assert_close, assert_mean
from tests.random_matrix.classification.settings import error_at, error_midpoint, optimal, score_law, signed, simulate

DIM, COUNTS, GAMMA, LAM = 100, ((120, 80), (30, 50)), jnp.array([1.0, 2.0]), 3.0
LAG = np.abs(np.subtract.outer(np.arange(DIM), np.arange(DIM)))
COVARIANCE = jnp.asarray(np.stack([1.3 * 0.6**LAG, 0.8 * (-0.4) ** LAG]))
ROOT = jnp.linalg.cholesky(COVARIANCE)
MEANS = jnp.zeros((2, 2, DIM)).at[0, 0, :20].set(0.5).at[1, 0, 5:30].set(0.35).at[1, 1, 3].set(-1.0)
general = jax.jit(score_equivalent_general)


def test_identity_covariance_is_the_isotropic_form():
    means = related_means(jnp.array([0.4]), norm=2.0, dim=DIM)
    n, dmu = jnp.asarray(COUNTS), mean_differences(means)
    B = coupling(GAMMA, LAM)
    M = mean_gram(dmu @ dmu.T, n)
    assert_close("M from means", mean_gram_of_classes(means, n), M, 1e-12)
    ours = general(means, jnp.broadcast_to(jnp.eye(DIM), (2, DIM, DIM)), n, B)
    reference = jax.jit(score_equivalent, static_argnames="dim")(M, n, B, dim=DIM)
    for name in ("delta", "K", "G", "V"):
        assert_close(f"general {name} at the identity", getattr(ours, name), getattr(reference, name), 1e-10)


def test_simulation_with_correlated_features(key):
    """Derived here: score means, variances and errors with AR covariances of different sign and size per task; +-1 and optimal labels."""
    n, B = jnp.asarray(COUNTS), coupling(GAMMA, LAM)
    eq = general(MEANS, COVARIANCE, n, B)
    for name, ytil in (("+-1", signed(n)), ("optimal", optimal(eq, n, 1).ytil)):
        law = score_law(eq, ytil)
        mean, variance = simulate(key, Mixture(MEANS, ROOT), ytil, B, counts=COUNTS, seeds=300)
        gap, predicted = mean[:, :, 0] - mean[:, :, 1], law.mean[:, 0] - law.mean[:, 1]
        assert_mean(f"{name}: score gap", gap / predicted, np.ones(2), sigmas=4, bias=0.011)
        assert_mean(f"{name}: score variance", variance / law.variance, np.ones(2), sigmas=4, bias=0.02)
        error = error_at(mean, variance, law.mean.mean(1))
        assert_mean(f"{name}: error", error, error_midpoint(law), sigmas=4, bias=0.002)


def test_optimal_labels_hold_for_general_covariance():
    """Random centred perturbations never lower the predicted error."""
    n = jnp.asarray(COUNTS)
    eq = general(MEANS, COVARIANCE, n, coupling(GAMMA, LAM))
    best, n = optimal(eq, n, 1).ytil, n.astype(float)
    noise = jnp.asarray(np.random.default_rng(1).standard_normal((100, 2, 2))) * 0.1
    centred = noise - (jnp.sum(n * noise, -1) / n.sum(-1))[..., None]
    errors = jax.jit(jax.vmap(lambda e: error_midpoint(score_law(eq, best + e))[1]))(centred)
    assert np.all(np.asarray(errors) >= float(error_midpoint(score_law(eq, best))[1]) - 1e-12)
