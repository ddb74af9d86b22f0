"""Learner for `a_mtrl` with a convolutional representation: joint Adam on phi and all source heads.

The experiments of Chen et al. 2022 and Wang et al. 2023 on MNIST-C, written from their description; sizes and steps are
flags.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float

from mtrl import nn
from mtrl.numerics.keys import split_named
from mtrl.numerics.types import PRNGKey, Scalar
from mtrl.representation.active.algorithm import Learned
from mtrl.representation.active.images import ImageBatch


class WhitenedNetwork(NamedTuple):
    """A trained representation with whitened features `phi(x) L^{-T}`."""

    params: Any  # of the body
    whitening: Float[Array, "rank rank"]  # L^{-T}, L L^T the second moment of phi on the source samples


def label_loss(scores: Float[Array, " sample"], y: Float[Array, " sample"], *, logistic: bool) -> Array:
    """Squared loss, or logistic loss on logits, for labels in {0, 1}; one number per sample."""
    return optax.sigmoid_binary_cross_entropy(scores, y) if logistic else (scores - y) ** 2


def refit_head(
    phi: Float[Array, "sample rank"], y: Float[Array, " sample"], *, logistic: bool, ridge: Scalar, newton: int = 15
) -> Float[Array, " rank"]:
    """Head on frozen features: ridge regression, or ridge-penalised logistic regression by `newton` Newton steps.

    Args:
      phi: features.
      y: labels in {0, 1}.
      logistic: which loss.
      ridge: penalty `ridge * n / 2 ||w||^2` (relative to whitened features); above 0.
      newton: static number of steps.
    """
    samples, rank = phi.shape
    penalty = ridge * samples * jnp.eye(rank, dtype=phi.dtype)
    if not logistic:
        return jnp.linalg.solve(phi.T @ phi + penalty, phi.T @ y)

    def step(w, _):
        mean = jax.nn.sigmoid(phi @ w)
        curvature = (phi * (mean * (1 - mean))[:, None]).T @ phi + penalty
        return w - jnp.linalg.solve(curvature, phi.T @ (mean - y) + penalty @ w), None

    return jax.lax.scan(step, jnp.zeros(rank, phi.dtype), length=newton)[0]


def network_features(
    network: WhitenedNetwork, x: Float[Array, "sample row column"], model: nn.Body
) -> Float[Array, "sample rank"]:
    """Whitened representation of pictures."""
    return jnp.asarray(model.apply(network.params, x)) @ network.whitening


def network_scores(
    network: WhitenedNetwork,
    head: Float[Array, " rank"],
    x: Float[Array, "sample row column"],
    model: nn.Body,
    *,
    logistic: bool,
) -> Float[Array, " sample"]:
    """Predictions on the scale of the labels (probabilities for the logistic loss): threshold 0.5."""
    raw = network_features(network, x, model) @ head
    return jax.nn.sigmoid(raw) if logistic else raw


def learn_convnet(
    key: PRNGKey,
    batch: ImageBatch,
    *,
    target_x: Float[Array, "sample row column"],
    target_y: Float[Array, " sample"],
    model: nn.Body,
    tasks: int,
    steps: int,
    rate: Scalar = 3e-3,
    size: int = 128,
    logistic: bool = False,
    ridge: Scalar = 1e-3,
    jitter: Scalar = 1e-4,
) -> Learned:
    """Joint Adam on phi and the source heads, then the target head on frozen features.

    Minibatches are uniform over the samples bought, so a task counts by its size n_t. The heads returned are those for
    whitened features (second moment on the source samples = I): the counterpart of an orthonormal basis, without which
    the scale of a feature would decide what the LASSO selects. `residual` is the gradient's norm relative to the first
    one, on the last minibatch.

    Args:
      key: initial parameters and minibatches.
      batch: source samples.
      target_x, target_y: the fixed target data.
      model: the network; `features` is K.
      tasks: M.
      steps: Adam steps (static).
      rate: learning rate.
      size: of a minibatch (static).
      logistic: logistic instead of squared loss.
      ridge: of the target head.
      jitter: added to the second moment, relative to its mean diagonal.
    """
    keys = split_named(key, "init", "heads", "steps", "moment")
    rank = model.features
    heads = nn.draw_heads(keys["heads"], tasks=tasks, rank=rank, scale=0.1, dtype=batch.x.dtype)
    optimiser = nn.adam(rate)
    bought = jnp.sum(batch.mask)  # bought rows come first
    batches = nn.with_replacement(bought, updates=steps, batch=size)(keys["steps"])

    def loss(network, rows):
        phi = jnp.asarray(model.apply(network.body, batch.x[rows]))
        return jnp.mean(
            label_loss(nn.picked_values(network.heads, phi, batch.task[rows]), batch.y[rows], logistic=logistic)
        )

    start = nn.start(nn.Network(model.init(keys["init"], batch.x[:1]), heads), optimiser)
    state, updates = nn.descend(start, batches, loss=loss, optimiser=optimiser)
    # Second moment on as many bought samples as a few minibatches.
    rows = jax.random.randint(keys["moment"], (8 * size,), 0, bought)
    phi = jnp.asarray(model.apply(state.params.body, batch.x[rows]))
    moment = phi.T @ phi / phi.shape[0]
    moment = moment + jitter * jnp.trace(moment) / rank * jnp.eye(rank, dtype=phi.dtype)
    lower = jnp.linalg.cholesky(moment)
    whitening = jax.scipy.linalg.solve_triangular(lower, jnp.eye(rank, dtype=phi.dtype), lower=True).T
    network = WhitenedNetwork(state.params.body, whitening)
    target_head = refit_head(network_features(network, target_x, model), target_y, logistic=logistic, ridge=ridge)
    full = jnp.asarray(rank, phi.dtype)
    return Learned(network, (state.params.heads @ lower).T, target_head, updates.slope[-1] / updates.slope[0], full)
