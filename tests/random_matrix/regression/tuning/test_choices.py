"""Every entry against separate fits and predictions at one coupling."""

import jax
import jax.numpy as jnp
import numpy as np

from mtrl.random_matrix import aligned_gram, aligned_model, bayes_coupling, coupling, exact_risk, sample_tasks
from mtrl.random_matrix.regression import (
    CHOICES,
    choice_costs,
    estimate_risk,
    fit_shared_centre,
    large_n_lam,
    predicted_grid,
    risk_isotropic,
    risks_along,
    tune,
)
from tests.helpers import assert_close

COUNTS, DIM, NOISE = (12, 20), 10, 0.3
GAMMAS, LAMS = jnp.array([0.2, 1.0, 5.0]), jnp.array([0.0, 0.5, 4.0])
N, GRAM = jnp.asarray(COUNTS, float), aligned_gram(0.6, 2)
MODEL = aligned_model(jax.random.key(3), tasks=2, dim=DIM, alpha=0.6, noise=NOISE)
DATA = sample_tasks(jax.random.key(4), MODEL, counts=COUNTS)


@jax.jit
def separate(gamma, lam):
    """(test, train, gcv) of one fit, task means."""
    fit = fit_shared_centre(DATA, gamma=jnp.full(2, gamma), lam=lam)
    estimated = estimate_risk(fit)
    return jnp.stack([exact_risk(MODEL, fit.W).mean(), estimated.train.mean(), estimated.gcv.mean()])


EACH = np.array([[separate(gamma, lam) for lam in LAMS] for gamma in GAMMAS])  # (gamma, lam, 3)


def test_risks_along_are_those_of_separate_fits():
    found = jax.jit(risks_along)(MODEL, DATA, GAMMAS[0], LAMS)
    assert_close("test, train, GCV", np.stack(found, 1), EACH[0], rtol=1e-9)


def test_predicted_grid_is_the_predicted_risk_of_each_coupling():
    found = jax.jit(predicted_grid, static_argnums=3)(GAMMAS, LAMS, N, DIM, GRAM, MODEL.noise)
    one = risk_isotropic(coupling(jnp.full(2, GAMMAS[2]), LAMS[1]), N, DIM, GRAM, MODEL.noise).test.mean()
    assert_close("one entry", found[2, 1], one, rtol=1e-12)
    assert int(jnp.argmin(found[1])) > 0 < float(large_n_lam(GRAM, gamma=1.0, noise=NOISE)), (
        "aligned tasks want sharing"
    )


def test_costs_of_choices():
    costs = jax.jit(choice_costs)(MODEL, DATA, GAMMAS, LAMS)
    found, test, gcv = dict(zip(CHOICES, np.asarray(costs.excess), strict=True)), EACH[..., 0], EACH[..., 2]
    tuned = tune(DATA, gammas=GAMMAS, lams=LAMS)
    chosen = separate(tuned.gamma[0], tuned.lam)[0]
    assert_close("GCV", found["gcv"], chosen / test.min() - 1, rtol=1e-8)
    assert_close("best independent", found["independent"], test[:, 0].min() / test.min() - 1, rtol=1e-8)
    assert_close("GCV for lam", found["gcv_lam"], test[1][gcv[1].argmin()] / test[1].min() - 1, rtol=1e-8, atol=1e-12)
    for method in ("fit", "moments"):  # plug-ins choose among the same fits
        assert np.isclose(found[method], test.ravel() / test.min() - 1, rtol=1e-8, atol=1e-12).any(), method
    star = risk_isotropic(bayes_coupling(MODEL.W, noise=NOISE), N, DIM, GRAM, MODEL.noise).test.mean()
    assert_close("risk of the Bayes coupling", costs.star, star, rtol=1e-10)
