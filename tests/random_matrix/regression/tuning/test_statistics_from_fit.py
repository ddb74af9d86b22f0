import jax
import jax.numpy as jnp

from mtrl.random_matrix import LinearModel, aligned_hyperplanes, coupling, sample_tasks
from mtrl.random_matrix.equivalents import equivalent_general, equivalent_isotropic
from mtrl.random_matrix.regression import estimate_risk, fit_shared_centre, functional_from_fit, statistics_from_fit
from tests.helpers import assert_close, assert_mean


def test_one_fit_gives_the_gram_and_the_noise(key):
    """d = 60, n = (90, 140), 400 draws; finite-d bias allowed .01 of quantities of order .3 (it falls like 1/d)."""
    d, counts, gamma, lam = 60, (90, 140), jnp.array([1.0, 2.0]), 0.5
    params = LinearModel(
        aligned_hyperplanes(key, tasks=2, dim=d, alpha=0.6), jnp.stack([jnp.eye(d)] * 2), jnp.array([0.3, 0.5])
    )
    e = equivalent_isotropic(coupling(gamma, lam), jnp.asarray(counts), d)

    def draw(k):
        data = sample_tasks(k, params, counts=counts)
        fit = fit_shared_centre(data, gamma=gamma, lam=lam)
        return statistics_from_fit(fit.W[:, :, 0], e, estimate_risk(fit).gcv)

    found = jax.jit(jax.vmap(draw))(jax.random.split(key, 400))
    assert_mean("gram", found.gram, params.W @ params.W.T / (2 * d), bias=0.01)
    assert_mean("noise", found.noise, params.noise, bias=0.01)


def test_general_functional_agrees_with_the_gram(key):
    d, gamma = 6, jnp.array([1.0, 2.0])
    B, n, risk = coupling(gamma, 0.5), jnp.array([9, 14]), jnp.array([0.5, 0.7])
    What = jax.random.normal(key, (2, d))
    covariance = jnp.stack([jnp.eye(d)] * 2)
    small = statistics_from_fit(What, equivalent_isotropic(B, n, d), risk).gram
    general = equivalent_general(B, n, covariance)
    for s, t in ((0, 0), (0, 1)):
        pick = jnp.zeros((2, 2)).at[s, t].add(0.5).at[t, s].add(0.5)
        N = jnp.einsum("st,ij->sitj", pick, jnp.eye(d))
        assert_close(f"entry {s}{t}", functional_from_fit(What, general, covariance, N, risk), small[s, t], rtol=1e-9)
