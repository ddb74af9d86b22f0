import jax
import jax.numpy as jnp
import numpy as np

from mtrl.random_matrix import LinearModel, coupling, sample_tasks
from mtrl.random_matrix.equivalents import equivalent_general
from mtrl.random_matrix.regression import fit_shared_centre, quadratic_loss, risk_general
from tests.helpers import assert_close, assert_mean
from tests.random_matrix.regression_fixtures import autoregressive_example


def test_prediction_error_is_a_special_case():
    p = autoregressive_example(d=10)
    risk = risk_general(p.B, p.n, p.covariance, p.W, p.noise)
    e = equivalent_general(p.B, p.n, p.covariance)
    for t in range(2):
        N = jnp.einsum("sr,ij->sirj", jnp.diag(jnp.eye(2)[t]), p.covariance[t])
        loss = quadratic_loss(e, p.B, p.covariance, p.W, N, risk.test)
        assert_close(f"task {t}", loss.total, risk.test[t] - p.noise[t], rtol=1e-10)


def test_any_loss_against_simulation(key):
    """A random PSD N coupling both tasks, d = 40, 400 draws; finite-d bias below 2% of the loss (it falls like 1/d)."""
    p = autoregressive_example(d=40)
    n = (30, 80)
    rng = np.random.default_rng(2)
    F = rng.normal(size=(80, 3)) / np.sqrt(3)
    N = jnp.asarray(F @ F.T).reshape(2, 40, 2, 40)
    params = LinearModel(p.W, jnp.linalg.cholesky(p.covariance), p.noise)

    def draw(key):
        What = fit_shared_centre(sample_tasks(key, params, counts=n), gamma=p.gamma, lam=p.lam).W[:, :, 0]
        error = What - p.W
        return jnp.einsum("si,sitj,tj->", error, N, error) / 80

    draws = jax.jit(jax.vmap(draw))(jax.random.split(key, 400))
    risk = risk_general(p.B, jnp.asarray(n), p.covariance, p.W, p.noise)
    e = equivalent_general(coupling(p.gamma, p.lam), jnp.asarray(n), p.covariance)
    loss = quadratic_loss(e, p.B, p.covariance, p.W, N, risk.test)
    assert_mean("quadratic loss", draws, float(loss.total), bias=0.02 * float(loss.total))
