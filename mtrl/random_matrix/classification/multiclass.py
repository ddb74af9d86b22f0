"""One-versus-all classification of three and more classes with the multi-task least-squares SVM.

Tiomoko, Tiomoko Ali, Couillet (ICLR 2021), multi-class extension: one score per class, each with its own optimal labels for every
(task, class). The scores of different classes are biased differently, so they are standardised by their predicted law before the
argmax. Here z_c = (g_c - (m_c + m_rest)/2)/sd_c, mid-point and spread of score c between its class and the others; with two classes
the argmax is then exactly the mid-point rule.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from mtrl.numerics.keys import split_named
from mtrl.numerics.types import PRNGKey, Scalar
from mtrl.random_matrix.classification.estimator import Machine, fit
from mtrl.random_matrix.classification.labels import contrast, optimal_labels
from mtrl.random_matrix.classification.problem import Samples, Table
from mtrl.random_matrix.classification.theory import ScoreEquivalent, residual_labels


class OneVsAll(NamedTuple):
    """Labels and predicted law of the target's scores; axis `positive` is the class a score stands for."""

    ytil: Float[Array, "positive task cls"]
    mean: Float[Array, "positive cls"]  # of score `positive` on samples of class `cls`
    covariance: Float[Array, "positive positive"]  # of the scores, the same for every class
    middle: Float[Array, " positive"]  # subtracted from the scores
    scale: Float[Array, " positive"]  # standard deviation, divides them


def one_vs_all(eq: ScoreEquivalent, counts: Table, target: Scalar) -> OneVsAll:
    """Optimal labels of every one-versus-all problem of the target, and the joint Gaussian law of its scores."""
    counts = jnp.asarray(counts, eq.K.dtype)
    k, classes = counts.shape
    positives = jnp.arange(classes)
    ytil = jax.vmap(lambda c: optimal_labels(eq, counts, target, positive=c).ytil)(positives)
    r = jax.vmap(lambda y: residual_labels(eq, y))(ytil)
    mean_all = jnp.einsum("gh,h,ch->cg", eq.G, eq.K, r)
    mean = mean_all.reshape(classes, k, classes)[:, target]
    covariance = r @ eq.V[target] @ r.T
    gap = jax.vmap(lambda c, m: contrast(counts, target, c) @ m)(positives, mean_all)
    own = jnp.diagonal(mean)
    return OneVsAll(ytil, mean, covariance, own - gap / 2, jnp.sqrt(jnp.diagonal(covariance)))


def fit_one_vs_all(data: Samples, model: OneVsAll, B: Float[Array, "task task"]) -> Machine:
    """One fit per class (leading axis); the kernel is factorised once."""
    return jax.vmap(lambda ytil: fit(data, ytil, B))(model.ytil)


def standardised_scores(
    fits: Machine, model: OneVsAll, X: Float[Array, "sample dim"], target: Scalar
) -> Float[Array, "sample positive"]:
    """z_c of every sample of the target task."""
    centred = X - fits.centre[0, target]
    scores = centred @ fits.W[:, target].T + fits.bias[:, target]
    return (scores - model.middle) / model.scale


def classify(fits: Machine, model: OneVsAll, X: Float[Array, "sample dim"], target: Scalar) -> Int[Array, " sample"]:
    """Class with the largest standardised score."""
    return jnp.argmax(standardised_scores(fits, model, X, target), axis=1)


def predicted_accuracy(key: PRNGKey, model: OneVsAll, *, draws: int = 4096) -> Float[Array, " cls"]:
    """Probability of a correct answer per class under the predicted joint law, by `draws` Gaussian draws (no closed form for m > 2)."""
    keys = split_named(key, "scores")
    classes = model.scale.shape[0]
    values, vectors = jnp.linalg.eigh(model.covariance)
    root = vectors * jnp.sqrt(jnp.maximum(values, 0.0))
    noise = jax.random.normal(keys["scores"], (draws, classes), model.mean.dtype) @ root.T
    z = (model.mean.T[:, None] + noise - model.middle) / model.scale  # (cls, draw, positive)
    return jnp.mean(jnp.argmax(z, axis=-1) == jnp.arange(classes)[:, None], axis=1, dtype=model.mean.dtype)
