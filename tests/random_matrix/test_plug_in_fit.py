import jax
import jax.numpy as jnp

from mtrl.random_matrix.coupling import coupling
from mtrl.random_matrix.equivalents import fixed_point_general
from mtrl.random_matrix.isotropic import fixed_point_isotropic
from mtrl.random_matrix.leave_one_out import estimate_risk
from mtrl.random_matrix.plug_in_fit import functional_from_fit, statistics_from_fit
from mtrl.random_matrix.problem import Params, aligned_hyperplanes, sample
from mtrl.random_matrix.ridge import fit_star
from tests.helpers import assert_close, assert_mean


def test_one_fit_gives_the_gram_and_the_noise(key):
    """d = 60, n = (90, 140), 400 draws; finite-d bias allowed .01 of quantities of order .3 (it falls like 1/d)."""
    d, counts, gamma, lam = 60, (90, 140), jnp.array([1.0, 2.0]), 0.5
    params = Params(
        aligned_hyperplanes(key, tasks=2, dim=d, alpha=0.6), jnp.stack([jnp.eye(d)] * 2), jnp.array([0.3, 0.5])
    )
    e = fixed_point_isotropic(coupling(gamma, lam), jnp.asarray(counts), d)

    def draw(k):
        data = sample(k, params, counts=counts)
        fit = fit_star(data, gamma=gamma, lam=lam)
        return statistics_from_fit(fit.W[:, :, 0], e, estimate_risk(fit, data.counts).gcv)

    found = jax.jit(jax.vmap(draw))(jax.random.split(key, 400))
    assert_mean("gram", found.gram, params.W @ params.W.T / (2 * d), bias=0.01)
    assert_mean("noise", found.noise, params.noise, bias=0.01)


def test_general_functional_agrees_with_the_gram(key):
    d, gamma = 6, jnp.array([1.0, 2.0])
    B, n, risk = coupling(gamma, 0.5), jnp.array([9, 14]), jnp.array([0.5, 0.7])
    What = jax.random.normal(key, (2, d))
    covariance = jnp.stack([jnp.eye(d)] * 2)
    small = statistics_from_fit(What, fixed_point_isotropic(B, n, d), risk).gram
    general = fixed_point_general(B, n, covariance)
    for s, t in ((0, 0), (0, 1)):
        pick = jnp.zeros((2, 2)).at[s, t].add(0.5).at[t, s].add(0.5)
        N = jnp.einsum("st,ij->sitj", pick, jnp.eye(d))
        assert_close(f"entry {s}{t}", functional_from_fit(What, general, covariance, N, risk), small[s, t], rtol=1e-9)
