"""A deep ReLU network with one trunk and a head per task: weights, logits, loss, gains.

| symbol | name | shape |
| --- | --- | --- |
| W_1, b_1 | first, first_bias | (dim, n), (n,) |
| W_2..W_L, b_2..b_L | hidden, hidden_bias | (L - 1, n, n), (L - 1, n) |
| heads | out, out_bias | (task, n, C), (task, C) |
"""

import itertools
import math
from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, Int

from mtrl.numerics.checks import check_whole
from mtrl.numerics.types import Numbers, PRNGKey, Scalar


class Weights(NamedTuple):
    """All parameters; see the module."""

    first: Float[Array, "dim n"]
    first_bias: Float[Array, " n"]
    hidden: Float[Array, "deep n n"]
    hidden_bias: Float[Array, "deep n"]
    out: Float[Array, "task n label"]
    out_bias: Float[Array, "task label"]


def initial(
    key: PRNGKey,
    spreads: Numbers,
    *,
    dim: int,
    width: int,
    layers: int,
    classes: int,
    tasks: int = 1,
    dtype: jnp.dtype | type = jnp.float32,
) -> Weights:
    """Normal weights and zero biases.

    Args:
      key: PRNG key.
      spreads: standard deviations of the first, the hidden and the output weights (`initial_spreads`); may be traced.
      dim, width, layers, classes, tasks: sizes: inputs, n, hidden layers L, C, K.
      dtype: of the weights.

    Raises:
      BadInput: a size below 1.
    """
    check_whole(dim=dim, width=width, layers=layers, tasks=tasks)
    check_whole(classes=classes, lower=2)
    shapes = (dim, width), (layers - 1, width, width), (tasks, width, classes)
    ends = [0, *itertools.accumulate(map(math.prod, shapes))]
    draws = jax.random.normal(key, (ends[-1],), dtype)  # at once: compiling a draw costs more than drawing
    first, hidden, out = (
        s * draws[begin:end].reshape(shape)
        for s, begin, end, shape in zip(jnp.asarray(spreads, dtype), ends, ends[1:], shapes, strict=False)
    )
    return Weights(
        first,
        jnp.zeros(width, dtype),
        hidden,
        jnp.zeros((layers - 1, width), dtype),
        out,
        jnp.zeros((tasks, classes), dtype),
    )


def logits(
    weights: Weights, x: Float[Array, "task sample dim"], *, key: PRNGKey | None = None, drop: Scalar = 0.0
) -> Float[Array, "task sample label"]:
    """Logits of every task's rows under its own head.

    Args:
      weights: parameters.
      x: inputs.
      key: with one, hidden units are dropped.
      drop: share of units dropped; the others are scaled up.
    """
    keep = 1 - jnp.asarray(drop, x.dtype)
    shape = (*x.shape[:-1], weights.first.shape[1])

    def thin(h, key):
        if key is None:
            return h
        return jnp.where(jax.random.uniform(key, shape, x.dtype) < keep, h / keep, jnp.zeros_like(h))

    deep = weights.hidden.shape[0]
    keys = None if key is None else jax.random.split(key, deep + 1)
    h = thin(jax.nn.relu(x @ weights.first + weights.first_bias), None if keys is None else keys[0])

    def layer(h, given):
        w, b, key = given
        return thin(jax.nn.relu(h @ w + b), key), None

    h, _ = jax.lax.scan(layer, h, (weights.hidden, weights.hidden_bias, None if keys is None else keys[1:]))
    return jnp.einsum("tsn,tnc->tsc", h, weights.out) + weights.out_bias[:, None]


def loss(
    weights: Weights, x: Float[Array, "task sample dim"], label: Int[Array, "task sample"], **dropout: object
) -> Float[Array, ""]:
    """Cross-entropy in nats, mean over rows and tasks: the gradient is the average over tasks."""
    found = logits(weights, x, **dropout)  # pyright: ignore[reportArgumentType]
    return optax.softmax_cross_entropy_with_integer_labels(found, label).mean()


def accuracy(
    weights: Weights, x: Float[Array, "task sample dim"], label: Int[Array, "task sample"]
) -> Float[Array, " task"]:
    """Share of rows classified rightly, per task."""
    right = jnp.argmax(logits(weights, x), axis=-1) == label
    return jnp.mean(right.astype(x.dtype), axis=-1)


def gains(
    weights: Weights, x: Float[Array, "task sample dim"], change: Float[Array, "task sample n"]
) -> Float[Array, " deep"]:
    """Gain of the hidden layers 2..L for a small change of their input: `|dh'|^2 / |dh|^2`, both summed over rows.

    Its expectation over random weights of variance s^2 is n s^2 / 2 whatever the biases, as half of the units are active. It is NaN
    behind a layer that passes nothing.

    Args:
      weights: parameters.
      x: inputs.
      change: of the first layer's output, one random direction a row.
    """
    pre = x @ weights.first + weights.first_bias
    h = jax.nn.relu(pre)

    def layer(carry, given):
        h, change = carry
        w, b = given
        pre = h @ w + b
        new = jnp.where(pre > 0, change @ w, jnp.zeros_like(pre))
        size, before = jnp.sum(new**2), jnp.sum(change**2)
        # Directions are renewed in size, so that twenty small gains do not underflow.
        grown = jnp.where(size > 0, new * jax.lax.rsqrt(size / before), new)
        return (jax.nn.relu(pre), grown), size / before

    return jax.lax.scan(layer, (h, change), (weights.hidden, weights.hidden_bias))[1]


def weight_stds(weights: Weights) -> Float[Array, " deep"]:
    """Root mean square of every hidden layer's weights."""
    return jnp.sqrt(jnp.mean(weights.hidden**2, axis=(1, 2)))
