"""Worlds of images: the mean reward of an arm depends on the digit it shows, the learner sees pixels only.

The images come as arrays; reading them is the caller's business.
"""

import functools
import math
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from mtrl.bandits.problem import ArmTruth, ArmView, Sizes, known_sizes, pull
from mtrl.numerics.algorithm import Problem, Round
from mtrl.numerics.checks import check_choice, check_whole
from mtrl.numerics.keys import split_named
from mtrl.numerics.types import PRNGKey, Scalar

CLASSES = 10
VALUES = ("low_rank", "permutation", "pairs")


class ImageParams(NamedTuple):
    """Images with the value of every class in every task."""

    images: Float[Array, "sample dim"]  # pixels in [0, 1], flattened
    labels: Int[Array, " sample"]
    values: Float[Array, "task digit"]  # mean reward of a digit in a task, in [0, 1]
    pairs: Int[Array, "task 2"]  # the two digits that a pair task shows
    noise: Float[Array, ""]  # sigma

    @property
    def sizes(self) -> Sizes:
        """M, pixels, number of digits, dtype."""
        return Sizes(self.values.shape[0], self.images.shape[1], CLASSES, self.images.dtype)


def low_rank_values(key: PRNGKey, tasks: int, rank: int = 2) -> Float[Array, "task digit"]:
    """`R C`, R (M, rank) Gaussian and C (rank, 10) uniform on [0, 1], min-max scaled per task: digits share a small code."""
    keys = split_named(key, "heads", "codes")
    raw = jax.random.normal(keys["heads"], (tasks, rank)) @ jax.random.uniform(keys["codes"], (rank, CLASSES))
    low, high = jnp.min(raw, axis=1, keepdims=True), jnp.max(raw, axis=1, keepdims=True)
    return (raw - low) / (high - low)


def permutation_values(key: PRNGKey, tasks: int) -> Float[Array, "task digit"]:
    """Every task ranks the digits by its own permutation, 0, 1/9, ..., 1: rank 9, nothing but the digit itself to share (control)."""
    keys = jax.random.split(key, tasks)
    return jax.vmap(lambda k: jax.random.permutation(k, CLASSES))(keys).astype(float) / (CLASSES - 1.0)


def digit_pairs() -> Int[Array, "task 2"]:
    """The 45 pairs of digits i < j."""
    return jnp.stack(jnp.triu_indices(CLASSES, 1), axis=1)


def sample_images(
    key: PRNGKey,
    images: Float[Array, "sample dim"],
    labels: Int[Array, " sample"],
    noise: Scalar,
    *,
    tasks: int,
    values: str = "low_rank",
) -> ImageParams:
    """Draw the tasks over given images.

    Args:
      key: PRNG key.
      images, labels: the data; their dtype is the problem's.
      noise: sigma.
      tasks: M, at most 45 for `pairs`, which then are M of the 45 pairs of digits in random order.
      values: `low_rank`, `permutation` or `pairs` (the larger digit of the pair pays 1, every other 0).
    """
    pairs = jnp.zeros((tasks, 2), jnp.int32)
    if values == "pairs":
        pairs = jax.random.permutation(key, digit_pairs())[:tasks].astype(jnp.int32)
        table = jax.nn.one_hot(pairs[:, 1], CLASSES)
    else:
        table = (low_rank_values if values == "low_rank" else permutation_values)(key, tasks)
    return ImageParams(images, labels, table.astype(images.dtype), pairs, jnp.asarray(noise, images.dtype))


def draw_images(key: PRNGKey, params: ImageParams, t: Int[Array, ""] | int, *, arms: int) -> Round:
    """Every task sees `arms` images drawn uniformly with replacement."""
    del t
    keys = split_named(key, "images", "noise")
    shown = jax.random.randint(keys["images"], (params.values.shape[0], arms), 0, params.labels.shape[0])
    return _show(keys["noise"], params, shown)


def draw_pair(key: PRNGKey, params: ImageParams, t: Int[Array, ""] | int) -> Round:
    """Every task sees one image of each of its two digits, in random order (Yang et al. 2021's digit pairs)."""
    del t
    keys = split_named(key, "images", "order", "noise")
    flip = jax.random.bernoulli(keys["order"], 0.5, params.pairs.shape[:1])
    digits = jnp.where(flip[:, None], params.pairs[:, ::-1], params.pairs)
    # A uniform image of a digit: a uniform position inside its run of the images sorted by label.
    by_label = jnp.argsort(params.labels)
    counts = jnp.bincount(params.labels, length=CLASSES)
    first = (jnp.cumsum(counts) - counts)[digits]
    position = jnp.floor(jax.random.uniform(keys["images"], digits.shape) * counts[digits].astype(float)).astype(
        first.dtype
    )
    return _show(keys["noise"], params, by_label[first + jnp.minimum(position, counts[digits] - 1)])


def _show(key: PRNGKey, params: ImageParams, shown: Int[Array, "task arm"]) -> Round:
    """The round of given images."""
    digits = params.labels[shown]
    means = jax.vmap(lambda table, digit: table[digit])(params.values, digits)
    rewards = means + params.noise * jax.random.normal(key, means.shape, means.dtype)
    features = jax.nn.one_hot(digits, CLASSES, dtype=means.dtype)
    return Round(ArmView(params.images[shown]), ArmTruth(features, rewards, means))


def digit_images(*, tasks: int, values: str = "low_rank", arms: int = 5) -> Problem:
    """Bandits on images of digits; the inputs of `sample` are images, labels and the noise level sigma.

    Args:
      tasks: M.
      values: as in `sample_images`; `pairs` always shows two images.
      arms: images shown per task.

    Raises:
      BadInput: another kind of values, or more than 45 pairs.
    """
    check_choice("values", values, VALUES)
    check_whole(tasks=tasks, upper=45 if values == "pairs" else math.inf, hint="ten digits make 45 pairs")
    check_whole(arms=arms, lower=2)
    draw = draw_pair if values == "pairs" else functools.partial(draw_images, arms=arms)
    return Problem(functools.partial(sample_images, tasks=tasks, values=values), draw, pull, known_sizes)
