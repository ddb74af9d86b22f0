"""Image tasks for active sampling: task (c, j) asks "is it digit j?" of images under corruption c.

Layout of the MNIST-C experiments of Chen et al. 2022 and Wang et al. 2023: 16 corruptions times 10 digits, one target,
the others sources. Everything is indices into one array of features; shapes are fixed, so allocations can be traced.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from mtrl.numerics.keys import split_named
from mtrl.numerics.moments import Moments, flat_moments
from mtrl.numerics.types import PRNGKey


class ImagePools(NamedTuple):
    """Training images of every task."""

    features: Any  # (corruption, image, dim) vectors or (corruption, image, row, column) pictures
    labels: Float[Array, "digit image"]  # response of image i for digit j: {0, 1}, or a planted regression
    pool: Int[Array, "corruption digit image_of_task"]  # image numbers that serve task (c, j)


class ImageBatch(NamedTuple):
    """Flat samples of all tasks; rows beyond the total are masked."""

    x: Any  # (sample, dim) or (sample, row, column)
    y: Float[Array, " sample"]
    task: Int[Array, " sample"]  # position among the source tasks
    mask: Bool[Array, " sample"]


def source_tasks(
    target: tuple[int, int], corruptions: int, digits: int = 10, *, exclude_same_corruption: bool = False
) -> np.ndarray:
    """Source tasks (task, 2) = (corruption, digit): all but the target, or all of other corruptions. Host function."""
    every = np.array([(c, j) for c in range(corruptions) for j in range(digits)])
    same = every[:, 0] == target[0] if exclude_same_corruption else np.all(every == target, axis=1)
    return every[~same]


def shared_pool(images: np.ndarray, corruptions: int, digits: int = 10) -> np.ndarray:
    """Every task draws from all training images (few images). Host function."""
    return np.broadcast_to(images, (corruptions, digits, len(images)))


def disjoint_pool(rng: np.random.Generator, images: np.ndarray, corruptions: int, digits: int = 10) -> np.ndarray:
    """Per corruption, a random split of the training images into one part per digit (MNIST-C). Host function."""
    size = len(images) // digits
    parts = [rng.permutation(images)[: size * digits].reshape(digits, size) for _ in range(corruptions)]
    return np.stack(parts)


def draw_batch(
    key: PRNGKey, counts: Int[Array, " task"], pools: ImagePools, tasks: Int[Array, "task 2"], *, size: int
) -> ImageBatch:
    """n_t images of each task: without replacement as long as its pool lasts, then with replacement.

    Args:
      key: typed PRNG key.
      counts: n_t, summing to at most `size`.
      pools: images.
      tasks: (corruption, digit) of each source task.
      size: static number of rows.
    """
    keys = split_named(key, "order", "extra")
    pool = pools.pool[tasks[:, 0], tasks[:, 1]]  # (task, image_of_task)
    depth = pool.shape[1]
    order = jax.vmap(lambda k: jax.random.permutation(k, depth))(jax.random.split(keys["order"], tasks.shape[0]))
    row = jnp.arange(size, dtype=counts.dtype)
    task = jnp.repeat(jnp.arange(tasks.shape[0]), counts, total_repeat_length=size)
    place = row - (jnp.cumsum(counts) - counts)[task]  # number of the sample within its task
    extra = jax.random.randint(keys["extra"], (size,), 0, depth)
    drawn = order[task, jnp.minimum(place, depth - 1)]
    chosen = jnp.where(place < depth, drawn, extra.astype(drawn.dtype))
    image, corruption, digit = pool[task, chosen], tasks[task, 0], tasks[task, 1]
    mask = row < jnp.sum(counts)
    return ImageBatch(pools.features[corruption, image], pools.labels[digit, image], task, mask)


def batch_moments(batch: ImageBatch, tasks: int) -> Moments:
    """Moments of a flat batch, masked rows left out."""
    x = jnp.where(batch.mask[:, None], batch.x, 0)
    found = flat_moments(x, jnp.where(batch.mask, batch.y, 0), batch.task, tasks)
    return found._replace(count=jax.ops.segment_sum(batch.mask.astype(x.dtype), batch.task, tasks))


def error_counts(
    scores: Float[Array, " image"], labels: Float[Array, " image"]
) -> tuple[Float[Array, ""], Float[Array, ""]]:
    """Wrong predictions at threshold 0.5, and the balanced error (mean of both classes' error rates)."""
    wrong = (scores > 0.5) != (labels > 0.5)
    positive = labels > 0.5
    rate = lambda which: jnp.sum(wrong & which) / jnp.maximum(jnp.sum(which), 1)  # noqa: E731
    dtype = scores.dtype
    return jnp.sum(wrong).astype(dtype), ((rate(positive) + rate(~positive)) / 2).astype(dtype)


def pooled_features(images: np.ndarray, cell: int = 4, constant: float = 0.5) -> np.ndarray:
    """Mean pooling (28x28 -> 7x7 for cell 4), a constant feature, rows scaled to unit L2 norm (black stays 0). Host function.

    Args:
      images: (..., 28, 28) in [0, 1].
      cell: side of a pooled cell, divides 28; 1 keeps all pixels.
      constant: value of the extra feature before scaling; 0 for none.
    """
    side = 28 // cell
    pooled = images.reshape(*images.shape[:-2], side, cell, side, cell).mean((-3, -1)).reshape(*images.shape[:-2], -1)
    if constant:
        pooled = np.concatenate([pooled, np.full((*pooled.shape[:-1], 1), constant, pooled.dtype)], -1)
    length = np.linalg.norm(pooled, axis=-1, keepdims=True)
    return pooled / np.where(length > 0, length, 1)


def whitened_features(images: np.ndarray, train: np.ndarray, dim: int, *, own: bool = False) -> np.ndarray:
    """Principal components of all corrupted training images together, scaled to unit variance. Host function.

    Args:
      images: (corruption, image, 28, 28).
      train: image numbers whose covariance is used.
      dim: components kept.
      own: then whiten each corruption by its own mean and covariance of these components: a covariance common to all
        tasks, as the theory assumes. Otherwise only the mixture of all corruptions has unit covariance.
    """
    flat = images.reshape(*images.shape[:2], -1).astype(float)
    pooled = flat[:, train].reshape(-1, flat.shape[-1])
    mean = pooled.mean(0)
    values, vectors = np.linalg.eigh(np.cov(pooled - mean, rowvar=False))
    shared = (flat - mean) @ (vectors[:, ::-1][:, :dim] / np.sqrt(values[::-1][:dim]))
    return np.stack([_whiten(one, train) for one in shared]) if own else shared


def _whiten(features: np.ndarray, train: np.ndarray) -> np.ndarray:
    centred = features - features[train].mean(0)
    lower = np.linalg.cholesky(np.cov(features[train], rowvar=False))
    return np.linalg.solve(lower, centred.T).T
