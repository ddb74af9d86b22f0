"""Labelled data of several tasks, checked and padded: where users' lists enter the package. Host functions."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from mtrl.numerics.errors import BadInput


class Tasks(NamedTuple):
    """Dense data of unequal tasks."""

    x: Float[Array, "task sample dim"]
    y: Float[Array, "task sample"]
    mask: Bool[Array, "task sample"]  # False on padding rows, which are zero


def pack_tasks(x: Sequence[Any] | np.ndarray | Array, y: Sequence[Any] | np.ndarray | Array, mask: Any = None) -> Tasks:
    """Check the tasks' data and pad them to the largest number of samples.

    Args:
      x: one (n_t, d) array (or nested list) per task, or (T, n, d).
      y: one (n_t,) array per task, or (T, n).
      mask: (T, n), False on padding rows; only with arrays padded already.

    Raises:
      BadInput: no task or a task without samples, shapes that do not fit, integer responses, values that are not finite, or rows of
        zeros without a mask.
    """
    if mask is None and any(len(rows) != len(x[0]) for rows in x):
        rows, responses = [np.asarray(v, float) for v in x], [np.asarray(v) for v in y]
        if len(rows) != len(responses) or any(
            v.ndim != 2 or v.shape[1] != rows[0].shape[1] or w.shape != v.shape[:1]
            for v, w in zip(rows, responses, strict=True)
        ):
            raise BadInput(
                f"tasks have inputs of shapes {[v.shape for v in rows][:4]} and responses of shapes {[v.shape for v in responses][:4]}; "
                "give (n_t, dim) and (n_t,) for every task, with one dim"
            )
        most = max(len(v) for v in rows)
        mask = np.arange(most) < np.array([[len(v)] for v in rows])
        x = np.stack([np.pad(v, ((0, most - len(v)), (0, 0))) for v in rows])
        y = np.stack([np.pad(v, (0, most - len(v))) for v in responses])
    x, y = np.asarray(x), np.asarray(y)
    if x.ndim != 3 or y.shape != x.shape[:2]:
        raise BadInput(
            f"x has shape {x.shape} and y has shape {y.shape}; give x as (tasks, samples, dim) and y as (tasks, samples), lists of "
            "(n_t, dim) and (n_t,), or flat rows with a task number through flat_moments"
        )
    if not np.issubdtype(y.dtype, np.floating):
        raise BadInput(f"y has dtype {y.dtype}; squared loss needs floating responses, cast y to float")
    kept = np.ones(y.shape, bool) if mask is None else np.asarray(mask)
    if kept.shape != y.shape or kept.dtype != bool:
        raise BadInput(
            f"mask has shape {kept.shape} and dtype {kept.dtype}; give booleans of the shape of y, {y.shape}"
        )
    empty = np.flatnonzero(~kept.any(1))
    if not y.size or empty.size:
        where = f"task {empty[0]} has" if empty.size else f"the {x.shape[0]} tasks have"
        raise BadInput(f"{where} no samples; give at least one task, and drop those without samples")
    if not (np.isfinite(x[kept]).all() and np.isfinite(y[kept]).all()):
        raise BadInput("x or y holds values that are not finite; drop those rows with mask or impute them")
    padding = (x == 0).all(-1) & (y == 0)
    if mask is None and padding.any():
        raise BadInput(
            f"{int(padding.sum())} rows are zero in x and y, which looks like padding of unequal tasks; "
            "pass mask, False on those rows"
        )
    x, y = np.where(kept[..., None], x, 0), np.where(kept, y, 0)
    return Tasks(jnp.asarray(x, y.dtype), jnp.asarray(y), jnp.asarray(kept))
