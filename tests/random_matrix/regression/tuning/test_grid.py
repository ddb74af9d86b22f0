import functools

import jax
import jax.numpy as jnp
import numpy as np

from mtrl.random_matrix import LinearModel, aligned_hyperplanes, coupling, exact_risk, sample_tasks
from mtrl.random_matrix.regression import estimate_risk, fit_shared_centre, risk_isotropic, tune
from tests.helpers import assert_close, assert_mean
from tests.random_matrix.regression_fixtures import random_data

LAMS = jnp.asarray(np.concatenate([np.zeros(1), np.logspace(-1, 1.5, 9)]))


def test_scores_are_those_of_separate_fits():
    data = random_data(5, (8, 11))
    gammas = np.array([[0.5, 1.0], [2.0, 0.3]])
    alone = jax.jit(lambda gamma, lam: estimate_risk(fit_shared_centre(data, gamma=gamma, lam=lam)))(
        gammas[1], np.asarray(LAMS)[2]
    )
    for score in ("gcv", "loo"):
        tuned = jax.jit(functools.partial(tune, score=score, batch=3))(data, gammas=gammas, lams=np.asarray(LAMS)[:4])
        single = np.mean(getattr(alone, score))
        assert_close(score, np.asarray(tuned.scores)[1, 2], single, rtol=1e-10)
        i, j = np.unravel_index(np.argmin(tuned.scores), tuned.scores.shape)
        assert_close("choice", np.append(tuned.gamma, tuned.lam), np.append(gammas[i], np.asarray(LAMS)[j]))


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
    assert np.mean(excess) < 0.02
    assert_mean("GCV is unbiased for the risk", np.subtract(scores, risks), np.zeros(10), bias=0.01)
    gram = jnp.asarray(np.asarray(params.W) @ np.asarray(params.W).T / (2 * d))
    predicted = jax.jit(
        jax.vmap(lambda lam: risk_isotropic(coupling(gamma, lam), jnp.asarray(counts), d, gram, params.noise))
    )
    assert_mean("risk is as predicted", risks, np.mean(predicted(LAMS).test, 1), bias=0.004)
