"""Callables of the other sides: NumPy as written, convex programs, TorchJD where it is installed; a step a Jacobian, in turn.

And the paths on the two-task landscape with PyTorch, whose directions TorchJD gives.
"""

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


def torch_losses(x: Any) -> Any:
    """(L1, L2) of the two-task landscape at points (..., 2), each (...); its clamp has the derivative 1 at the bound, as ours has."""
    import torch  # pyright: ignore[reportMissingImports]

    x1, x2 = x.unbind(-1)
    f1 = (0.5 * (-x1 - 7) + torch.tanh(x2)).abs().clamp(min=5e-6).log() + 6
    f2 = (0.5 * (-x1 + 3) - torch.tanh(x2) + 2).abs().clamp(min=5e-6).log() + 6
    c1, c2 = torch.tanh(0.5 * x2).clamp(min=0), torch.tanh(-0.5 * x2).clamp(min=0)
    bowl = 0.1 * (x2 + 8) ** 2
    return f1 * c1 + (((x1 - 7) ** 2 + bowl) / 10 - 20) * c2, f2 * c1 + (((x1 + 7) ** 2 + bowl) / 10 - 20) * c2


def torch_landscape(methods: Sequence[str], starts: np.ndarray, steps: int) -> np.ndarray:
    """As `literal.landscape_loop`: gradients of all paths at once by autograd, TorchJD on each path's Jacobian, one Adam for all."""
    import torch  # pyright: ignore[reportMissingImports]
    from torchjd import aggregation  # pyright: ignore[reportMissingImports]

    directions = [getattr(aggregation, TORCH[method])() for method in methods]
    x = torch.tensor(starts).repeat(len(methods), 1, 1).requires_grad_()  # (method, start, 2)
    rule = torch.optim.Adam([x], lr=1e-3)
    for _ in range(steps):
        first, second = torch_losses(x)
        slopes = [torch.autograd.grad(loss.sum(), x, retain_graph=loss is first)[0] for loss in (first, second)]
        paths = zip(directions, torch.stack(slopes, 2), strict=True)
        x.grad = torch.stack([torch.stack([direct(J) for J in own]) for direct, own in paths])
        rule.step()
    return x.detach().numpy()
