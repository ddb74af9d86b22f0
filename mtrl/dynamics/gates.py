"""Deficits: a window in which a pathway gets no gradient, and the lesion of a mode."""

from typing import Any

import jax.numpy as jnp
from jaxtyping import Array, Bool, Int

from mtrl.numerics.checks import check_whole, known
from mtrl.numerics.errors import BadInput
from mtrl.numerics.types import Scalar

Gate = tuple[Scalar, Scalar]  # steps [start, stop) of a window; equal ones for none
OPEN: Gate = (0, 0)
NONE = -1  # the lesion of nothing


def check_gate(gate: Gate, steps: int | None = None, *, name: str = "gate") -> None:
    """Check a window of steps.

    Raises:
      BadInput: it ends before it starts, a step is negative, or it starts after the last of `steps`.
    """
    start, stop = (known(end) for end in gate)
    whole: dict[str, Any] = {f"{name} start": gate[0]}
    check_whole(lower=0, hint="steps are counted from 0", **whole)
    if start is not None and stop is not None and (stop < start).any():
        raise BadInput(f"{name} got the steps {start} to {stop}, but must end at or after its start; exchange them")
    if steps is not None and start is not None and (start > steps).any():
        raise BadInput(f"{name} starts at step {start}, but training has {steps} steps; start earlier or train longer")


def check_lesion(lesion: Scalar, modes: int) -> None:
    """Check the index of a lesioned mode; -1 is none.

    Raises:
      BadInput: there is no such mode.
    """
    hint = f"the task has {modes} modes, and -1 lesions none"
    check_whole(lower=NONE, upper=modes - 1, lesion=lesion, hint=hint)


def trains(gate: Gate, t: Int[Array, ""]) -> Bool[Array, ""]:
    """Whether a pathway gets its gradient in step t."""
    return ~((t >= gate[0]) & (t < gate[1]))


def kept(lesion: Scalar, modes: int) -> Bool[Array, " mode"]:
    """Which modes a lesion leaves."""
    return jnp.arange(modes) != lesion
