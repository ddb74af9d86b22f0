"""Callables of the other sides: NumPy as written, convex programs, TorchJD where it is installed; a step a Jacobian, in turn."""

import importlib.util
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from experiments.benchmark_optimization import literal

PROGRAMS = ("Nash-MTL", "CAGrad")
TORCH = {"mean": "Mean", "MGDA": "MGDA", "PCGrad": "PCGrad", "IMTL-G": "IMTLG", "Aligned-MTL": "AlignedMTL"}


def installed() -> bool:
    """Whether TorchJD is there."""
    return all(importlib.util.find_spec(name) is not None for name in ("torchjd", "torch"))


def in_turn(call: Callable[[Any], Any], Js: Sequence[Any]) -> Callable[[], Any]:
    """A callable that makes one step a Jacobian and gives the last direction."""

    def all_of_them() -> Any:
        for J in Js:
            found = call(J)
        return found

    return all_of_them


def numpy_step(Js: np.ndarray, method: str) -> Callable[[], Any]:
    """NumPy on every Jacobian, or a convex program on the last one alone."""
    return in_turn(literal.DIRECTIONS[method], Js[-1:] if method in PROGRAMS else Js)


def torch_step(Js: np.ndarray, method: str) -> Callable[[], Any]:
    """TorchJD's aggregator on the same Jacobians."""
    import torch  # pyright: ignore[reportMissingImports]
    from torchjd import aggregation  # pyright: ignore[reportMissingImports]

    peer = getattr(aggregation, TORCH[method])()
    return in_turn(lambda matrix: peer(matrix).numpy(), [torch.tensor(J) for J in Js])
