import jax
import jax.numpy as jnp
import numpy as np

from mtrl.random_matrix import LinearModel, aligned_hyperplanes, coupling, exact_risk, sample_tasks
from mtrl.random_matrix.regression import estimate_risk, fit_shared_centre, risk_isotropic, tune
from tests.helpers import assert_close, assert_mean
from tests.random_matrix.regression_fixtures import random_data

LAMS = jnp.concatenate([jnp.zeros(1), jnp.logspace(-1, 1.5, 9)])


def test_scores_are_those_of_separate_fits():
    data = random_data(5, (8, 11))
    gammas = jnp.array([[0.5, 1.0], [2.0, 0.3]])
    for score in ("gcv", "loo"):
        tuned = tune(data, gammas=gammas, lams=LAMS[:4], score=score, batch=3)
        single = getattr(estimate_risk(fit_shared_centre(data, gamma=gammas[1], lam=LAMS[2])), score).mean()
        assert_close(score, tuned.scores[1, 2], single, rtol=1e-10)
        i, j = np.unravel_index(np.argmin(tuned.scores), tuned.scores.shape)
        assert_close("choice", jnp.append(tuned.gamma, tuned.lam), jnp.append(gammas[i], LAMS[j]))


def test_leave_one_out_tunes_almost_as_well_as_the_oracle(key):
    """d = 100, n = (80, 160): mean excess risk over the oracle lam of the same grid about .7%; GCV level within 2.5% of the true risk."""
    d, counts, gamma = 100, (80, 160), jnp.ones(2)
    params = LinearModel(
        aligned_hyperplanes(key, tasks=2, dim=d, alpha=0.6), jnp.stack([jnp.eye(d)] * 2), jnp.full(2, 0.3)
    )

    def draw(k):
        data = sample_tasks(k, params, counts=counts)
        tuned = tune(data, gammas=gamma[None], lams=LAMS)
        risks = jax.lax.map(
            lambda lam: jnp.mean(exact_risk(params, fit_shared_centre(data, gamma=gamma, lam=lam).W)), LAMS
        )
        return tuned.scores[0], risks, risks[jnp.argmin(tuned.scores[0])] / jnp.min(risks) - 1

    scores, risks, excess = jax.jit(lambda ks: jax.lax.map(draw, ks))(jax.random.split(key, 40))
    assert float(jnp.mean(excess)) < 0.02
    assert_mean("GCV is unbiased for the risk", scores - risks, jnp.zeros(10), bias=0.01)
    predicted = jax.vmap(
        lambda lam: risk_isotropic(
            coupling(gamma, lam), jnp.asarray(counts), d, params.W @ params.W.T / (2 * d), params.noise
        )
    )
    assert_mean("risk is as predicted", risks, jnp.mean(predicted(LAMS).test, 1), bias=0.004)
