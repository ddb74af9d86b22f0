"""The predicted risk of many outputs at once from accumulated statistics, and what is plugged into it for recorded data."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from mtrl.numerics import multitask_ridge
from mtrl.numerics.moments import Moments
from mtrl.numerics.types import Scalar
from mtrl.random_matrix.regression.risk import risk_shared_centre


def ridge_from_moments(data: Moments, gamma: Scalar, lam: Scalar) -> multitask_ridge.MultitaskRidge:
    """The ridge at one coupling, gamma common to all tasks."""
    spectra = multitask_ridge.decompose(data)
    coupled = multitask_ridge.couple(spectra, jnp.full(data.count.shape, gamma))
    return multitask_ridge.fit(spectra, coupled, lam)


def risk_of_outputs(
    truth: Moments,
    weights: Float[Array, "task dim output"],
    counts: Float[Array, " task"],
    gamma: Scalar,
    lams: Float[Array, " grid_lam"],
) -> Float[Array, " grid_lam"]:
    """Predicted test risk per output, mean over tasks, for every lam: outputs share covariances, so their signals add up and noises too.

    Args:
      truth: statistics that stand for the law: covariances `gram/count`, noise from the residual of `weights`.
      weights: taken for the hyperplanes, W in the normalisation of the wing.
      counts: training samples predicted for.
      gamma, lams: couplings.
    """
    tasks, outputs = truth.gram.shape[0], weights.shape[2]
    covariance = truth.gram / truth.count[:, None, None]
    noise = multitask_ridge.residual(truth, weights) / (truth.count * outputs)
    gammas = jnp.full(tasks, gamma)

    def at_lam(lam):
        def one_output(w):
            return risk_shared_centre(gammas, lam, counts, covariance, w, noise).test.mean()

        return jax.vmap(one_output, in_axes=2)(weights).mean()

    return jax.lax.map(at_lam, lams)


def pilot_truth(
    train: Moments, gammas: Float[Array, " grid_gamma"], lams: Float[Array, " grid_lam"]
) -> tuple[Moments, Float[Array, "task dim output"]]:
    """Statistics and weights that `risk_of_outputs` may take for the truth: the pilot fit at GCV's choice, its residual made unbiased.

    The residual per free sample is the unbiased noise: |Y|^2 is raised so that the residual grows to it.
    """
    gcv = multitask_ridge.score_grid(train, (), gammas=gammas, lams=lams).gcv
    row, col = jnp.unravel_index(jnp.argmin(gcv), gcv.shape)
    pilot = ridge_from_moments(train, gammas[row], lams[col])
    factor = train.count / (train.count - pilot.freedom)
    square = train.square + (factor - 1) * multitask_ridge.residual(train, pilot.weights)
    return train._replace(square=square), pilot.weights
