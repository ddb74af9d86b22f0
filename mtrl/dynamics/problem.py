"""What two pathways learn together: a linear task with its modes, and the hierarchy of eight items and fifteen properties."""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from mtrl.numerics.checks import check_finite, check_shape, check_whole
from mtrl.numerics.types import Numbers


class Task(NamedTuple):
    """Inputs, targets and the singular value decomposition of `Y^T X`, taken once: repeated singular values have no basis of their own.

    | symbol | name | shape |
    | --- | --- | --- |
    | X | x | (sample, input) |
    | Y | y | (sample, output) |
    | U | u | (output, mode) |
    | s_alpha | s | (mode,) |
    | V | v | (input, mode) |
    """

    x: Float[Array, "sample input"]
    y: Float[Array, "sample output"]
    u: Float[Array, "output mode"]
    s: Float[Array, " mode"]
    v: Float[Array, "input mode"]


def task(x: Numbers, y: Numbers) -> Task:
    """A task from inputs (sample, input) and targets (sample, output), modes in descending order.

    Raises:
      BadInput: shapes do not fit, or an entry is not finite.
    """
    x, y = jnp.asarray(x, float), jnp.asarray(y, float)
    check_shape("x", x, (None, None), hint="one row a sample")
    check_shape("y", y, (x.shape[0], None), hint="one row a sample of x")
    check_finite(x=x, y=y)
    u, s, vt = jnp.linalg.svd(y.T @ x, full_matrices=False)
    return Task(x, y, u, s, vt.T)


def hierarchy(levels: int = 3) -> Task:
    """Items at the leaves of a binary tree with one property a node, shared by the leaves below it; `X = I`.

    With 3 levels: 8 items and 15 properties, singular values sqrt(15), sqrt(7), sqrt(3) twice and 1 four times (Saxe, McClelland and
    Ganguli 2019; Kleinman, Achille and Soatto 2024, section 3).

    Args:
      levels: of the tree below its root.

    Raises:
      BadInput: fewer than one level.
    """
    check_whole(levels=levels)
    items = 2**levels
    rows = [np.repeat(np.eye(2**level), items // 2**level, axis=1) for level in range(levels + 1)]
    return task(np.eye(items), np.concatenate(rows).T)
