"""Problems shared by the classification tests: theory and simulation of one setting, each compiled once."""

import functools

import jax
import jax.numpy as jnp

from mtrl.random_matrix import coupling
from mtrl.random_matrix.classification import theory
from mtrl.random_matrix.classification.estimator import fit, score_moments
from mtrl.random_matrix.classification.labels import optimal_labels, signed_labels
from mtrl.random_matrix.classification.problem import Mixture, mean_differences, sample_mixture


@jax.jit
def _isotropic(means, counts, gamma, lam):
    dmu = mean_differences(means)
    M = theory.mean_gram(dmu @ dmu.T, counts)
    return theory.score_equivalent(M, counts, coupling(gamma, lam), dim=means.shape[-1])


def isotropic(means, counts, gamma, lam):
    """Deterministic equivalent of a problem given by its class means."""
    return _isotropic(means, jnp.asarray(counts), jnp.asarray(gamma), jnp.asarray(lam))


@functools.partial(jax.jit, static_argnames=("counts", "seeds"))
def simulate(key, params: Mixture, ytil, B, *, counts, seeds):
    """Exact score moments given the fit, over training sets: mean (seed, task, cls), variance (seed, task)."""

    def once(key):
        data = sample_mixture(key, params, counts=counts)
        fitted = fit(data, ytil, B)
        return score_moments(fitted, params.means, params.roots)

    # a sequential map over small batches keeps memory low and the BLAS calls batched
    return jax.lax.map(once, jax.random.split(key, seeds), batch_size=25)


optimal = jax.jit(optimal_labels, static_argnames="rounding")
score_law = jax.jit(theory.score_law)
error_midpoint = jax.jit(theory.error_midpoint)
error_at = jax.jit(theory.error_at)


@jax.jit
def signed(counts):
    """Centred +-1 labels in double precision."""
    return signed_labels(counts, jnp.float64)
