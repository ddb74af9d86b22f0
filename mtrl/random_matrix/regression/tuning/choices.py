"""What a choice from the training data costs: exact risks of a whole grid of couplings, and the methods that choose on it.

Ilbert et al. (2024), section 4.3: hyper-parameters without cross-validation.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Real

from mtrl.numerics.linalg.psd import nearest_psd
from mtrl.numerics.types import Scalar
from mtrl.random_matrix.couplings import bayes_coupling, coupling
from mtrl.random_matrix.data import TaskData
from mtrl.random_matrix.equivalents import equivalent_isotropic
from mtrl.random_matrix.problem import LinearModel, exact_risk
from mtrl.random_matrix.regression.risk import risk_isotropic
from mtrl.random_matrix.regression.solvers import fit_at, prepare_path
from mtrl.random_matrix.regression.tuning.leave_one_out import estimate_risk
from mtrl.random_matrix.regression.tuning.statistics import positive_noise, statistics_from_moments
from mtrl.random_matrix.regression.tuning.statistics_from_fit import statistics_from_fit

CHOICES = ("gcv", "fit", "moments", "independent", "gcv_lam")


class PathRisks(NamedTuple):
    """Averages over tasks along lam."""

    test: Float[Array, " grid_lam"]  # exact risk of the estimate, noise included
    train: Float[Array, " grid_lam"]
    gcv: Float[Array, " grid_lam"]  # estimate of the test risk from the training data alone


class ChoiceCosts(NamedTuple):
    """What the methods `CHOICES` lose on one training set, and what explains it."""

    excess: Float[Array, " method"]  # exact risk at the choice over the best on the grid for THIS training set, minus 1
    star: Float[Array, ""]  # predicted risk of the Bayes coupling B*
    product: Float[Array, ""]  # estimate of w_1.w_2/(Td) by moments


def risks_along(model: LinearModel, data: TaskData, gamma: Scalar, lams: Float[Array, " grid_lam"]) -> PathRisks:
    """Fits at every lam from one eigendecomposition, gamma common to all tasks."""
    path = prepare_path(data, gamma=jnp.full(data.features.shape[0], gamma, model.W.dtype))

    def at(lam):
        fit = fit_at(path, lam)
        estimated = estimate_risk(fit)
        return PathRisks(exact_risk(model, fit.W).mean(), estimated.train.mean(), estimated.gcv.mean())

    return jax.lax.map(at, lams, batch_size=8)


def predicted_grid(
    gammas: Float[Array, " grid_gamma"],
    lams: Float[Array, " grid_lam"],
    n: Real[Array, " task"],
    dim: int,
    gram: Float[Array, "task task"],
    noise: Float[Array, " task"],
) -> Float[Array, "grid_gamma grid_lam"]:
    """Predicted test risk, mean over tasks, for identity covariance; arguments as in `risk_isotropic`."""

    def at(gamma, lam):
        return risk_isotropic(coupling(gamma * jnp.ones(n.size), lam), n, dim, gram, noise).test.mean()

    return jax.vmap(lambda gamma: jax.vmap(lambda lam: at(gamma, lam))(lams))(gammas)


def choice_costs(
    model: LinearModel,
    data: TaskData,
    gammas: Float[Array, " grid_gamma"],
    lams: Float[Array, " grid_lam"],
    *,
    gram: Float[Array, "task task"] | None = None,
) -> ChoiceCosts:
    """Fit the whole grid once; every method only chooses among the fits.

    The methods: GCV over the grid; the predicted risk with statistics from one ridge fit (gamma = lam = 1), or from moments; the oracle's
    best at lam = 0; and GCV for lam alone at gamma = 1, against the best lam there.

    Args:
      model: the truth, of identity covariance and equal noise.
      data: a training set of it.
      gammas, lams: the grid; lam = 0 is among it.
      gram: `w_s.w_t/(Td)` in closed form, for the prediction of B*; that of the model's hyperplanes if None.
    """
    T, _, dim = data.features.shape
    one, n = jnp.ones(T), data.counts.astype(float)
    fits = jax.lax.map(lambda gamma: risks_along(model, data, gamma, lams), gammas)

    def plugged_in(gram, noise):
        return predicted_grid(gammas, lams, n, dim, nearest_psd(gram), positive_noise(noise))

    moments = statistics_from_moments(data, jnp.broadcast_to(jnp.eye(dim), (T, dim, dim)))
    first = fit_at(prepare_path(data, gamma=one), 1.0)
    equivalent = equivalent_isotropic(coupling(one, 1.0), n, dim)
    fit = statistics_from_fit(first.W[:, :, 0], equivalent, estimate_risk(first).gcv)
    independent = jnp.where(lams[None] == 0, fits.test, jnp.inf)
    scores = (fits.gcv, plugged_in(fit.gram, fit.noise), plugged_in(moments.gram, moments.noise), independent)
    chosen = jnp.stack([fits.test.ravel()[jnp.argmin(score)] for score in scores])
    B = bayes_coupling(model.W, noise=model.noise[0])
    star = risk_isotropic(B, n, dim, model.gram if gram is None else gram, model.noise).test.mean()
    at_one = risks_along(model, data, 1.0, lams)
    lam_alone = at_one.test[jnp.argmin(at_one.gcv)] / at_one.test.min() - 1
    return ChoiceCosts(jnp.append(chosen / fits.test.min() - 1, lam_alone), star, moments.gram[0, 1])
