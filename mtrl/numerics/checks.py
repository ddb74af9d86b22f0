"""Checks at the boundary, one sentence each: the argument's name, the value got, what is allowed, what to try.

Values that are traced are not known yet and pass; call these in factories, constructors and entry points, where users' numbers come in.
"""

import math
import warnings
from collections.abc import Sequence
from typing import Any

import jax
import numpy as np
from jax.core import Tracer

from mtrl.numerics.errors import BadInput


def known(value: Any) -> np.ndarray | None:
    """The value as a NumPy array, or None when it (or a part of it) is traced."""
    return None if any(isinstance(x, Tracer) for x in jax.tree.leaves(value)) else np.asarray(value)


def _require(name: str, value: Any, holds: Any, allowed: str, hint: str) -> None:
    array = known(value)
    if array is None:
        return
    good = np.broadcast_to(holds(array), array.shape)
    if not good.all():
        shown = array if array.ndim == 0 else array[tuple(np.argwhere(~good)[0])]
        raise BadInput(f"{name} got {shown:g}, but must be {allowed}" + (f"; {hint}" if hint else ""))


def check_positive(*, hint: str = "", **values: Any) -> None:
    """Check numbers (or arrays) that must be finite and above 0, such as a ridge or a noise level.

    Raises:
      BadInput: one is not.
    """
    for name, value in values.items():
        _require(name, value, lambda x: np.isfinite(x) & (x > 0), "a finite number above 0", hint)


def check_nonnegative(*, hint: str = "", **values: Any) -> None:
    """Check numbers (or arrays) that must be finite and at least 0, such as a radius or the weight of a penalty.

    Raises:
      BadInput: one is not.
    """
    for name, value in values.items():
        _require(name, value, lambda x: np.isfinite(x) & (x >= 0), "a finite number of at least 0", hint)


def check_between(lower: float, upper: float, hint: str = "", **values: Any) -> None:
    """Check numbers of a closed interval, such as a mixing weight.

    Raises:
      BadInput: one is outside.
    """
    for name, value in values.items():
        _require(name, value, lambda x: (x >= lower) & (x <= upper), f"from {lower:g} to {upper:g}", hint)


def check_share(*, hint: str = "", **values: Any) -> None:
    """Check numbers strictly between 0 and 1, such as a chance of failure.

    Raises:
      BadInput: one is not.
    """
    for name, value in values.items():
        _require(name, value, lambda x: (x > 0) & (x < 1), "strictly between 0 and 1", hint)


def check_whole(*, lower: int = 1, upper: float = math.inf, hint: str = "", **values: Any) -> None:
    """Check whole numbers (sizes, counts, indices) against their range.

    Raises:
      BadInput: one is outside, or not whole.
    """
    allowed = f"a whole number from {lower} to {upper:g}" if upper < math.inf else f"a whole number of at least {lower}"
    for name, value in values.items():
        _require(
            name, value, lambda x: np.isfinite(x) & (x == np.floor(x)) & (x >= lower) & (x <= upper), allowed, hint
        )


def check_ascending(*, hint: str = "sort them", **values: Any) -> None:
    """Check lists of steps or counts that must be at least 0 and never fall.

    Raises:
      BadInput: one is negative, or smaller than the one before it.
    """
    for name, value in values.items():
        array = known(value)
        if array is None:
            continue
        if array.ndim != 1 or not array.size:
            raise BadInput(f"{name} has shape {array.shape}, but must be a list of one or more numbers; {hint}")
        _require(name, array, lambda x: x >= 0, "at least 0", "")
        falls = np.flatnonzero(np.diff(array) < 0)
        if falls.size:
            before, after = array[falls[0]], array[falls[0] + 1]
            raise BadInput(f"{name} got {after:g} after {before:g}, but must ascend; {hint}")


def check_rank(rank: int, dim: int, *, what: str = "the dimension") -> None:
    """Check the dimension of a subspace.

    Raises:
      BadInput: it does not lie between 1 and `dim`.
    """
    if not 1 <= rank <= dim:
        raise BadInput(f"rank got {rank}, but must lie between 1 and {what}, {dim}; lower it or take more inputs")


def check_choice(name: str, value: str, choices: Sequence[str]) -> None:
    """Check a named choice.

    Raises:
      BadInput: the name is unknown; the message lists the known ones.
    """
    if value not in choices:
        raise BadInput(f"{name} got '{value}', but takes one of {', '.join(choices)}")


def check_finite(*, hint: str = "clean the data first", **arrays: Any) -> None:
    """Check that arrays hold no NaN and no infinity.

    Raises:
      BadInput: one does; the message says where first.
    """
    for name, array in arrays.items():
        array = known(array)
        if array is not None and not np.isfinite(array).all():
            where = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
            raise BadInput(f"{name} holds {array[where]} at {where}, but must be finite; {hint}")


def check_psd(*, definite: bool = False, tolerance: float = 1e-8, hint: str = "", **matrices: Any) -> None:
    """Check symmetric positive semi-definite matrices, single or stacked along leading axes.

    Args:
      definite: refuse singular ones too.
      tolerance: relative to the largest entry: asymmetry and negative eigenvalues up to here are rounding; relative size from which on
        an eigenvalue counts as positive is a hundredth of it.
      hint: what to try.
      matrices: named arrays (..., dim, dim).

    Raises:
      BadInput: one is not square, not finite, not symmetric, or has a negative (with `definite`, a vanishing) eigenvalue.
    """
    hint = hint and f"; {hint}"
    for name, value in matrices.items():
        value = known(value)
        if value is None:
            continue
        if value.ndim < 2 or value.shape[-1] != value.shape[-2]:
            raise BadInput(f"{name} has shape {value.shape}, but must be square" + hint)
        for where in np.ndindex(value.shape[:-2]):
            matrix, label = value[where], name + (f" {where[0] if len(where) == 1 else where}" if where else "")
            if not np.isfinite(matrix).all():
                raise BadInput(f"{label} holds NaN or an infinity, but must be finite" + hint)
            size = max(float(np.abs(matrix).max(initial=0.0)), 1e-300)
            limit = (
                max(tolerance, 8 * matrix.shape[-1] * float(np.finfo(np.result_type(matrix, np.float32)).eps)) * size
            )
            if np.abs(matrix - matrix.T).max(initial=0.0) > limit:
                raise BadInput(f"{label} is not symmetric; use (S + S^T)/2 if the difference is rounding")
            smallest = float(np.linalg.eigvalsh(matrix)[0])
            if smallest < -limit:
                raise BadInput(
                    f"{label} has the negative eigenvalue {smallest:.3g}, but must be positive semi-definite" + hint
                )
            if definite and smallest <= limit / 100:
                raise BadInput(
                    f"{label} is singular (smallest eigenvalue {smallest:.3g}), but must be invertible" + hint
                )


def check_shape(name: str, array: Any, shape: tuple[int | None, ...], *, hint: str = "") -> None:
    """Check a shape; None stands for any length.

    Raises:
      BadInput: it differs.
    """
    got = np.shape(array)
    if len(got) != len(shape) or any(want not in (None, have) for have, want in zip(got, shape, strict=True)):
        wanted = "(" + ", ".join("any" if n is None else str(n) for n in shape) + ")"
        raise BadInput(f"{name} has shape {got}, but must have {wanted}" + (f"; {hint}" if hint else ""))


def warn_above(bound: float, **vectors: Any) -> None:
    """Warn when the norms (last axis) of features or parameters exceed what a confidence radius assumes."""
    for name, array in vectors.items():
        array = known(array)
        largest = 0.0 if array is None else float(np.max(np.linalg.norm(array, axis=-1)))
        if largest > bound * (1 + 1e-6):
            warnings.warn(
                f"{name}: a norm reaches {largest:.4g}, above the declared bound {bound:.4g}, so the confidence radius is not valid",
                stacklevel=3,
            )


def warn_unconverged(name: str, converged: Any, **reached: Any) -> None:
    """Warn when a solver stopped before it had converged; arrays count as one when their worst does.

    Args:
      name: of the solver.
      converged: its flag or flags.
      **reached: its certificate, such as `gap` or `gradient_norm`, of the shape of `converged`.
    """
    flags = known(converged)
    if flags is not None and not flags.all():
        worst = ", ".join(f"{key} {np.max(np.where(flags, -np.inf, value)):.3e}" for key, value in reached.items())
        warnings.warn(f"{name} stopped before converging: {worst}; raise iterations", stacklevel=2)
