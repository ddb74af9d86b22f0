"""Stand-ins on handwritten digits: two digits overlaid, and four tasks of one digit of which one dominates; the network that learns them.

- `overlaid`: two digits on one canvas, at (0, 0) and at (offset, offset), by the larger pixel; tasks "left" and "right". In the manner of
  MultiMNIST (Sabour et al. 2017; Sener and Koltun 2018), which overlays MNIST's digits on 36 x 36.
- `four_tasks`: which digit, parity, at least 5, and the total ink as a regression whose loss is multiplied by 100.

Arrays in, arrays out: images come from `mtrl.data` (embedded digits, or MultiMNIST's own files).
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from mtrl import nn
from mtrl.numerics.checks import check_whole
from mtrl.numerics.errors import BadInput
from mtrl.numerics.keys import split_named
from mtrl.numerics.types import PRNGKey
from mtrl.optimization.shared import Split, Weights

MULTI = (10, 10)  # classes of the two overlaid digits
FOUR, FOUR_SCALES = (10, 2, 2, 1), (1.0, 1.0, 1.0, 100.0)  # one output is a regression


class Examples(NamedTuple):
    """Flattened pictures with a target a task: a class, or a number where the task is a regression."""

    inputs: Float[Array, "sample dim"]
    targets: Float[Array, "sample task"]


def overlaid(
    key: PRNGKey,
    images: Float[Array, "picture row column"],
    labels: Int[Array, " label"],
    *,
    samples: int,
    offset: int = 2,
) -> Examples:
    """Pairs of random pictures on one canvas that is `offset` larger, by the larger pixel.

    Raises:
      BadInput: no sample is asked for, the offset is below 1 (the digits would lie on each other), or labels and images differ in number.
    """
    check_whole(samples=samples, offset=offset)
    if images.shape[0] != labels.shape[0]:
        raise BadInput(
            f"labels got {labels.shape[0]} entries, but there are {images.shape[0]} images; take one label an image"
        )
    keys = split_named(key, "left", "right")
    left = jax.random.randint(keys["left"], (samples,), 0, images.shape[0])
    right = jax.random.randint(keys["right"], (samples,), 0, images.shape[0])
    first = jnp.pad(images[left], ((0, 0), (0, offset), (0, offset)))
    second = jnp.pad(images[right], ((0, 0), (offset, 0), (offset, 0)))
    pictures = jnp.maximum(first, second).reshape(samples, -1)
    return Examples(pictures, jnp.stack([labels[left], labels[right]], axis=1).astype(images.dtype))


def four_tasks(images: Float[Array, "picture row column"], labels: Int[Array, " picture"]) -> Examples:
    """Digit, parity, at least 5, and total ink (standardised)."""
    ink = jnp.sum(images, axis=(1, 2))
    ink = (ink - jnp.mean(ink)) / jnp.std(ink)
    classes = [labels, labels % 2, (labels >= 5).astype(labels.dtype)]
    return Examples(
        images.reshape(images.shape[0], -1),
        jnp.stack([*(c.astype(images.dtype) for c in classes), ink.astype(images.dtype)], axis=1),
    )


def task_loss(outputs: Float[Array, "sample out"], target: Float[Array, " sample"]) -> Float[Array, ""]:
    """Cross-entropy, or with one output the mean squared error."""
    if outputs.shape[-1] == 1:
        return jnp.mean((outputs[:, 0] - target) ** 2)
    picked = jnp.take_along_axis(jax.nn.log_softmax(outputs), target.astype(jnp.int32)[:, None], axis=1)
    return -jnp.mean(picked)


def task_score(outputs: Float[Array, "sample out"], target: Float[Array, " sample"]) -> Float[Array, ""]:
    """Accuracy (higher is better), or with one output the root mean squared error (lower is better)."""
    if outputs.shape[-1] == 1:
        return jnp.sqrt(jnp.mean((outputs[:, 0] - target) ** 2))
    return jnp.mean((jnp.argmax(outputs, axis=-1) == target.astype(int)).astype(outputs.dtype))


class Model(NamedTuple):
    """A body that tasks share and a linear head for each, as functions."""

    initial: Callable[[Any], Weights]
    split: Callable[[Examples], Split]
    outputs: Callable[[Weights, Any], tuple]  # one array (sample, out) a task


def network(inputs: int, outs: tuple[int, ...], *, hidden: tuple[int, ...] = (64,), width: int = 32,
            scales: tuple[float, ...] | None = None, dtype: Any = float) -> Model:  # fmt: skip
    """A multilayer perceptron with `width` shared features (after a rectifier), and heads with `outs` outputs.

    Args:
      inputs: D.
      outs: outputs of each task; 1 is a regression.
      hidden, width: of the body.
      scales: factors of the losses, 1 each by default.
      dtype: of the parameters.

    Raises:
      BadInput: as many scales as tasks are needed.
    """
    if scales is not None and len(scales) != len(outs):
        raise BadInput(f"scales got {len(scales)} numbers, but there are {len(outs)} tasks; give one a task")
    body = nn.Body(features=width, hidden=hidden)
    factors = jnp.asarray(scales or (1.0,) * len(outs), dtype)

    def initial(key):
        keys = jax.random.split(key, 1 + len(outs))
        heads = tuple(
            {"kernel": nn.draw_heads(k, tasks=out, rank=width, dtype=dtype).T, "bias": jnp.zeros(out, dtype)}
            for k, out in zip(keys[1:], outs, strict=True)
        )
        return Weights(body.init(keys[0], jnp.zeros((1, inputs), dtype)), heads)

    def features(shared, x):
        return jax.nn.relu(body.apply(shared, x))

    def read(heads, z):
        return tuple(z @ head["kernel"] + head["bias"] for head in heads)

    def split(batch):
        def decode(heads, z):
            each = [task_loss(out, batch.targets[:, t]) for t, out in enumerate(read(heads, z))]
            return jnp.stack(each) * factors

        return Split(lambda shared: features(shared, batch.inputs), decode)

    return Model(initial, split, lambda weights, x: read(weights.heads, features(weights.shared, x)))


def scores(model: Model, weights: Weights, data: Examples) -> Float[Array, " task"]:
    """`task_score` of every task."""
    return jnp.stack([task_score(out, data.targets[:, t]) for t, out in enumerate(model.outputs(weights, data.inputs))])
