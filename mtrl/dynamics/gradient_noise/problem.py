"""Clusters, of one task or of K: every task has its own class means, and inputs are a mean plus noise."""

import math
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from mtrl.numerics.checks import check_choice, check_finite, check_nonnegative, check_shape, check_whole
from mtrl.numerics.errors import BadInput
from mtrl.numerics.keys import split_named
from mtrl.numerics.types import Numbers, PRNGKey, Scalar


class Labelled(NamedTuple):
    """Rows with labels, of every task.

    | name | shape | unit |
    | --- | --- | --- |
    | x | (task, sample, dim) | of the inputs |
    | label | (task, sample) | 0..C-1 |
    """

    x: Float[Array, "task sample dim"]
    label: Int[Array, "task sample"]


class Clusters(NamedTuple):
    """Train and test rows."""

    train: Labelled
    test: Labelled


def clusters(
    key: PRNGKey,
    *,
    tasks: int = 1,
    classes: int = 10,
    dim: int = 32,
    noise: Scalar = 0.8,
    rows: int = 2000,
    dtype: jnp.dtype | type = jnp.float32,
) -> Clusters:
    """Gaussian clusters: means N(0, I), isotropic noise, as many train as test rows; a stand-in for MNIST.

    Args:
      key: PRNG key.
      tasks: K, each with its own means.
      classes: C.
      dim: of the inputs.
      noise: standard deviation about a mean.
      rows: train rows and test rows of a task.
      dtype: of the inputs, and with them of the networks.

    Raises:
      BadInput: a size below 1 (2 for classes), negative noise.
    """
    check_whole(tasks=tasks, dim=dim, rows=rows)
    check_whole(classes=classes, lower=2)
    check_nonnegative(noise=noise)
    keys = split_named(key, "labels", "normals")
    label = jax.random.randint(keys["labels"], (tasks, 2 * rows), 0, classes)
    normals = jax.random.normal(keys["normals"], (tasks, classes + 2 * rows, dim), dtype)
    spread = jnp.asarray(noise, dtype) * normals[:, classes:]
    x = jnp.take_along_axis(normals[:, :classes], label[..., None], axis=1) + spread
    return Clusters(Labelled(x[:, :rows], label[:, :rows]), Labelled(x[:, rows:], label[:, rows:]))


def labelled(x: Numbers, label: Numbers, *, classes: int) -> Labelled:
    """One's own rows of one task, checked: inputs (sample, dim) and whole labels (sample,).

    Raises:
      BadInput: no rows, shapes that do not fit, an input that is not finite, a label outside 0..C-1.
    """
    x = jnp.asarray(x, jnp.float32)
    check_shape("x", x, (None, None), hint="one row a sample")
    if not x.shape[0]:
        raise BadInput("x has no rows, but needs at least one; check the file or the batch size")
    check_shape("label", label, (x.shape[0],), hint="one label a row")
    check_finite(x=x)
    check_whole(label=label, lower=0, upper=classes - 1, hint=f"there are {classes} classes")
    return Labelled(x[None], jnp.asarray(label, int)[None])


def shares(label: Int[Array, " sample"], classes: int) -> Float[Array, " label"]:
    """Share of every class."""
    return jnp.mean(jax.nn.one_hot(label, classes, dtype=float), axis=0)


INITS = ("simple", "he", "walk", "zero")


def walk_spread(fan: int) -> float:
    """Standard deviation `sqrt(2 / N) exp(1.2 / (max(N, 6) - 2.4))` of the ReLU weights of a random-walk start, N = fan in.

    Its factor over He's is chosen so that the LOGARITHM of a signal's size does not drift with depth: Sussillo and Abbott, "Random Walk
    Initialization for Training Very Deep Feedforward Networks", arXiv 1412.6558 (2014), equation for ReLU in section 3, a fit.
    """
    return (2 / fan) ** 0.5 * math.exp(1.2 / (max(fan, 6) - 2.4))


def initial_spreads(init: str, *, dim: int, width: int) -> tuple[float, float, float]:
    """Standard deviations of the first, hidden and output weights.

    0.1 (simple), sqrt(2 / fan in) (he), He's times Sussillo and Abbott's factor (walk, see `walk_spread`), 0 (zero).

    Raises:
      BadInput: an unknown init; the known ones are listed.
    """
    check_choice("init", init, INITS)
    he = (2 / dim) ** 0.5, (2 / width) ** 0.5, (2 / width) ** 0.5
    walk = walk_spread(dim), walk_spread(width), walk_spread(width)
    return {"simple": (0.1,) * 3, "zero": (0.0,) * 3, "he": he, "walk": walk}[init]
