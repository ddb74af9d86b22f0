"""Teacher and student: binary teachers with an overlap, +-1 inputs with their labels, mini-batches, generalisation error.

| symbol | name | shape | unit |
| --- | --- | --- | --- |
| N, P = alpha N | `dim`, `sample` axis | | 1 |
| W_1, W_2 with r_0 = W_1.W_2 / N | `teachers` | (dim,) +-1 | 1 |
| x, y = sign(W.x) | `Examples.x`, `Examples.y` | (sample, dim), (sample,) +-1 | 1 |
| p_t = W_t.sign(m) / N | `overlap` | () | 1 |
| eps_t = arccos(p_t) / pi | `generalisation_error` | () | share of fresh inputs |

Source: Li, Huang, Zou and Huang, Physical Review E 108, 014309 (2023), section II.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, Shaped

from mtrl.numerics.checks import check_between, check_positive, check_whole, known
from mtrl.numerics.errors import BadInput
from mtrl.numerics.keys import split_named
from mtrl.numerics.types import PRNGKey, Scalar


class Examples(NamedTuple):
    """Labelled inputs of one task; rows whose mask is False do not count."""

    x: Float[Array, "sample dim"]
    y: Float[Array, " sample"]
    mask: Bool[Array, " sample"]
    share: Float[Array, ""]  # of the task's examples: what a mini-batch takes of the KL term, 1 for all of them


def sign(z: Shaped[Array, "..."]) -> Shaped[Array, "..."]:
    """The sign with sign(0) = +1, so that a teacher of even N labels its ties."""
    return jnp.where(z >= 0, jnp.ones_like(z), -jnp.ones_like(z))


def examples_of(load: float, dim: int) -> int:
    """P = round(alpha N).

    Raises:
      BadInput: alpha is not above 0, or P would be 0.
    """
    check_positive(alpha=load)
    count = round(load * dim)
    if count < 1:
        raise BadInput(f"alpha got {load:g}, which gives P = 0 examples at N = {dim}; raise alpha or N")
    return count


def teachers(
    key: PRNGKey, *, dim: int, r0: Scalar, dtype: np.dtype | type = np.float64
) -> tuple[Float[Array, " dim"], Float[Array, " dim"]]:
    """Two binary teachers, equal in each entry with probability (1 + r_0) / 2.

    Raises:
      BadInput: |r_0| > 1, or N < 1.
    """
    check_between(-1, 1, r0=r0, hint="it is the overlap of two binary teachers")
    check_whole(dim=dim)
    keys = split_named(key, "first", "same")
    first = jax.random.rademacher(keys["first"], (dim,), dtype)
    same = jax.random.uniform(keys["same"], (dim,)) < (1 + jnp.asarray(r0)) / 2
    return first, jnp.where(same, first, -first)


def sample(key: PRNGKey, teacher: Float[Array, " dim"], count: int) -> Examples:
    """`count` inputs of independent signs with the teacher's labels.

    Raises:
      BadInput: P < 1.
    """
    check_whole(count=count, hint="P = alpha N examples are needed")
    x = jax.random.rademacher(key, (count, teacher.shape[0]), teacher.dtype)
    return Examples(x, sign(x @ teacher), jnp.ones(count, bool), jnp.ones((), teacher.dtype))


def examples(x: Float[Array, "sample dim"], y: Float[Array, " sample"]) -> Examples:
    """One's own labelled inputs.

    Raises:
      BadInput: there are none, or a label is not +-1.
    """
    if x.shape[0] == 0:
        raise BadInput("x has no rows, but P of at least 1 example is needed; give some")
    labels = known(y)
    if labels is not None and not (np.abs(labels) == 1).all():
        wrong = labels[np.abs(labels) != 1][0]
        raise BadInput(f"y got the label {wrong:g}, but must be +1 or -1; use 2 y - 1 for labels 0 and 1")
    return Examples(x, y, jnp.ones(x.shape[0], bool), jnp.ones((), x.dtype))


def first_rows(all_of_them: Examples, count: Scalar) -> Examples:
    """The first `count` rows, by mask: tasks of several sizes share one program."""
    return all_of_them._replace(mask=jnp.arange(all_of_them.y.shape[0]) < count)


def shuffled(key: PRNGKey, task: Examples) -> Int[Array, " sample"]:
    """A random order of the rows that count, with the others behind them."""
    luck = jax.random.uniform(key, task.mask.shape)
    return jnp.argsort(jnp.where(task.mask, luck, 2.0))


def pieces(task: Examples, size: Scalar) -> Int[Array, ""]:
    """Mini-batches in an epoch: ceil(P / size)."""
    return -(-jnp.sum(task.mask) // jnp.asarray(size))


def minibatch(task: Examples, order: Int[Array, " sample"], piece: Scalar, *, most: int, size: Scalar) -> Examples:
    """Mini-batch number `piece` of an epoch; the last one may be smaller.

    Args:
      task: all rows.
      order: of this epoch, from `shuffled`.
      piece: from 0.
      most: rows of the result, at most those of the task.
      size: rows of it that count, at most `most`; may be traced.

    Raises:
      BadInput: most or size out of range.
    """
    check_whole(most=most, upper=task.y.shape[0])
    check_whole(size=size, upper=most)
    count, size = jnp.sum(task.mask), jnp.asarray(size)
    inside = jnp.arange(most)
    place = piece * size + inside
    mask = (inside < size) & (place < count)
    rows = order[jnp.minimum(place, task.y.shape[0] - 1)]
    share = jnp.sum(mask).astype(task.x.dtype) / count.astype(task.x.dtype)
    return Examples(task.x[rows], task.y[rows], mask, share)


def overlap(teacher: Float[Array, " dim"], m: Float[Array, " dim"]) -> Float[Array, ""]:
    """p = W.sign(m) / N of the binarised student; its argument may be the fields."""
    return jnp.where(jnp.isnan(jnp.sum(m)), jnp.nan, jnp.mean(teacher * sign(m))).astype(teacher.dtype)


def generalisation_error(p: Float[Array, "..."]) -> Float[Array, "..."]:
    """eps = arccos(p) / pi."""
    return jnp.arccos(jnp.clip(p, -1.0, 1.0)) / jnp.pi
