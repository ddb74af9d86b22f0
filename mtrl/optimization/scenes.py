"""Scene understanding from one picture: semantic segmentation, depth and surface normals by a shared convolutional body and three heads.

Losses and scores as the multi-task papers take them for NYUv2 and Cityscapes (Liu, Johns and Davison, CVPR 2019, arXiv 1803.10704; the
copies of the data that `mtrl.data.read_scenes` reads): cross-entropy where the label is known, absolute error where the depth is known, one
minus the cosine where the normal is. Their networks (SegNet, PSPNet, DeepLab) are far larger than `nn.Maps`: the comparison is theirs, the
numbers are not.

`boxes` draws scenes of our own, a stand-in without download.

| task | outputs | scores, of `METRICS` |
| --- | --- | --- |
| segmentation | C | mean intersection over union, pixel accuracy |
| depth | 1 | absolute error, relative error |
| normal | 3 | mean angle in degrees, share of pixels within 11.25 degrees |
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from mtrl import nn
from mtrl.numerics.checks import check_nonnegative, check_shape, check_whole
from mtrl.numerics.errors import BadInput
from mtrl.numerics.keys import split_named
from mtrl.numerics.types import Numbers, PRNGKey, Scalar
from mtrl.optimization.digits import Model
from mtrl.optimization.shared import Split, Weights

TASKS = ("segmentation", "depth", "normal")
METRICS = ("mean IoU", "pixel accuracy", "absolute error", "relative error", "mean angle", "within 11.25 degrees")
HIGHER_IS_BETTER, TASK_OF_METRIC = (True, True, False, False, False, True), (0, 0, 1, 1, 2, 2)


class Frames(NamedTuple):
    """Pictures with their targets; Cityscapes has no normals."""

    image: Float[Array, "sample row column 3"]
    label: Int[Array, "sample row column"]  # 0..C-1, negative where unknown
    depth: Float[Array, "sample row column"]  # 0 where unknown
    normal: Float[Array, "sample row column 3"] | None = None  # 0 where unknown


def frames(image: Numbers, label: Numbers, depth: Numbers, normal: Numbers | None = None, *, classes: int) -> Frames:
    """One's own frames, checked, in single precision.

    Raises:
      BadInput: shapes that do not fit, or a label beyond the classes.
    """
    check_whole(classes=classes, lower=2)
    image, label = jnp.asarray(image, jnp.float32), jnp.asarray(label, int)
    check_shape("image", image, (None, None, None, 3), hint="frames, rows, columns and three channels")
    check_shape("label", label, image.shape[:3], hint="one label a pixel")
    check_whole(label=jnp.maximum(label, 0), lower=0, upper=classes - 1, hint=f"there are {classes} classes")
    depth = jnp.asarray(depth, jnp.float32)
    check_shape("depth", depth, image.shape[:3], hint="one depth a pixel")
    if normal is not None:
        normal = jnp.asarray(normal, jnp.float32)
        check_shape("normal", normal, image.shape, hint="one normal a pixel")
    return Frames(image, label, depth, normal)


def boxes(
    key: PRNGKey, *, samples: int, side: int = 16, classes: int = 4, count: int = 4, noise: Scalar = 0.1
) -> Frames:
    """Scenes of `count` tilted rectangles before a wall: a class has its colour, light falls along the view, and air dims what is far.

    Args:
      key: PRNG key.
      samples: frames.
      side: rows and columns.
      classes: C, the wall is class 0; colours are fixed, so that training and test scenes are alike.
      count: rectangles of a scene; the nearest hides the others.
      noise: standard deviation of the picture's noise.

    Raises:
      BadInput: a size below 1, fewer than two classes, negative noise.
    """
    check_whole(samples=samples, side=side, count=count)
    check_whole(classes=classes, lower=2)
    check_nonnegative(noise=noise)
    keys = split_named(key, "ends", "class", "depth", "tilt", "noise")
    kind, first = jnp.float32, (samples, count + 1)
    ends = jnp.sort(jax.random.uniform(keys["ends"], (2, 2, *first), kind), axis=0) * side
    low, high = ends.at[:, :, :, 0].set(jnp.array([0.0, side], kind)[:, None, None])  # the wall is everywhere
    at = jnp.arange(side).astype(kind) + 0.5
    inside = (at >= low[..., None]) & (at < high[..., None])  # (axis, sample, box, place)
    own = jax.random.randint(keys["class"], first, 1, classes).at[:, 0].set(0)
    far = jax.random.uniform(keys["depth"], first, kind, 1.0, 4.0).at[:, 0].set(5.0)
    tilt = jax.random.normal(keys["tilt"], (*first, 3), kind) * 0.5 + jnp.array([0.0, 0.0, 1.0], kind)
    tilt = tilt.at[..., 2].set(jnp.abs(tilt[..., 2]))
    tilt = tilt / jnp.linalg.norm(tilt, axis=-1, keepdims=True)
    there = inside[0][:, :, :, None] & inside[1][:, :, None, :]
    seen = jnp.argmin(jnp.where(there, far[..., None, None], jnp.inf), axis=1).reshape(samples, -1)
    shape = samples, side, side
    label, depth = (jnp.take_along_axis(x, seen, axis=1).reshape(shape) for x in (own, far))
    normal = jnp.take_along_axis(tilt, seen[..., None], axis=1).reshape(*shape, 3)
    colours = jax.random.uniform(jax.random.key(0), (classes, 3), kind, 0.2, 1.0)
    lit = 0.4 + 0.2 * normal[..., 0:1] + 0.2 * normal[..., 1:2] + 0.2 * normal[..., 2:3]
    picture = colours[label] * lit * jnp.exp(-depth / 4)[..., None]
    shot = jnp.asarray(noise, kind) * jax.random.normal(keys["noise"], (*shape, 3), kind)
    return Frames(picture + shot, label, depth, normal)


def _mean(values: Array, known: Array) -> Array:
    """Mean where known; 0 where nothing is."""
    weight = known.astype(values.dtype)
    return jnp.sum(jnp.where(known, values, 0)) / jnp.maximum(jnp.sum(weight), 1)


def _known_normal(normal: Array) -> Array:
    return jnp.sum(normal**2, axis=-1) > 0


def _cosine(output: Array, normal: Array) -> Array:
    """Of the angle between two directions; a zero output has cosine 0."""
    squares = jnp.sum(output**2, axis=-1) * jnp.sum(normal**2, axis=-1)
    size = jnp.sqrt(jnp.where(squares > 0, squares, 1))
    return jnp.where(squares > 0, jnp.sum(output * normal, axis=-1) / size, 0)


def losses(outputs: tuple, batch: Frames) -> Float[Array, " task"]:
    """Cross-entropy [nat], absolute error of depth, one minus the cosine of normals (where there are any): means over known pixels."""
    label = jnp.maximum(batch.label, 0)[..., None]
    entropy = -jnp.take_along_axis(jax.nn.log_softmax(outputs[0]), label, axis=-1)[..., 0]
    found = [
        _mean(entropy, batch.label >= 0),
        _mean(jnp.abs(outputs[1][..., 0] - batch.depth), batch.depth != 0),
    ]
    if batch.normal is not None:
        found.append(_mean(1 - _cosine(outputs[2], batch.normal), _known_normal(batch.normal)))
    return jnp.stack(found)


def scores(outputs: tuple, data: Frames) -> Float[Array, " metric"]:
    """`METRICS`, the last two where there are normals; classes that neither occur nor are named are left out of the mean IoU."""
    classes, seen = outputs[0].shape[-1], data.label >= 0
    found = jnp.argmax(outputs[0], axis=-1)
    named, true = (
        (x[..., None] == jnp.arange(classes)) & seen[..., None] for x in (found, data.label.astype(found.dtype))
    )
    axes = (0, 1, 2)
    both, either = (jnp.sum(x.astype(float), axis=axes) for x in (named & true, named | true))
    depth, off = data.depth != 0, jnp.abs(outputs[1][..., 0] - data.depth).astype(float)
    right = (found == data.label.astype(found.dtype)).astype(float)
    relative = off / jnp.where(depth, data.depth, 1).astype(float)
    all_ = [
        _mean(both / jnp.maximum(either, 1), either > 0),
        _mean(right, seen),
        _mean(off, depth),
        _mean(relative, depth),
    ]
    if data.normal is not None:
        cosine, known = _cosine(outputs[2], data.normal).astype(float), _known_normal(data.normal)
        angle = jnp.degrees(jnp.arccos(jnp.clip(cosine, -1, 1)))
        all_ += [_mean(angle, known), _mean((angle <= 11.25).astype(float), known)]
    return jnp.stack(all_)


def network(
    *,
    classes: int,
    normals: bool = True,
    width: int = 16,
    channels: tuple[int, ...] = (16, 32),
    dtype: Any = jnp.float32,
) -> Model:
    """`nn.Maps` with `width` features a pixel (after a rectifier), and a linear head a task on them.

    Args:
      classes: C.
      normals: whether there is a third task.
      width, channels: of the body.
      dtype: of pictures and parameters.

    Raises:
      BadInput: fewer than two classes or a width below 1.
    """
    check_whole(classes=classes, lower=2)
    check_whole(width=width)
    body = nn.Maps(features=width, channels=channels)
    outs = (classes, 1, 3)[: 2 + normals]

    def initial(key):
        keys = jax.random.split(key, 1 + len(outs))
        heads = tuple(
            {"kernel": nn.draw_heads(k, tasks=out, rank=width, dtype=dtype).T, "bias": jnp.zeros(out, dtype)}
            for k, out in zip(keys[1:], outs, strict=True)
        )
        side = 2 ** len(channels)
        return Weights(body.init(keys[0], jnp.zeros((1, side, side, 3), dtype)), heads)

    def features(shared, image):
        return jax.nn.relu(body.apply(shared, image))

    def read(heads, z):
        return tuple(z @ head["kernel"] + head["bias"] for head in heads)

    def split(batch):
        if (batch.normal is not None) != normals:
            raise BadInput(
                f"normals got {normals}, but the frames have {'some' if batch.normal is not None else 'none'}; make the network for them"
            )
        return Split(lambda shared: features(shared, batch.image), lambda heads, z: losses(read(heads, z), batch))

    return Model(initial, split, lambda weights, image: read(weights.heads, features(weights.shared, image)))
