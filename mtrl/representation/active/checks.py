"""What active sampling refuses or warns about: host functions, one plain sentence each; traced values pass."""

import warnings
from typing import Any

import numpy as np

from mtrl.numerics.checks import check_finite, known
from mtrl.numerics.errors import BadInput


def check_identified(rank: int, *, dim: int, tasks: int, target_samples: int) -> None:
    """Refuse a representation that cannot be identified.

    Raises:
      BadInput: K > min(d, M), or K > n_0.
    """
    if not 1 <= rank <= min(dim, tasks):
        side = "above" if rank > 0 else "not within 1 and"
        raise BadInput(
            f"rank K={rank} is {side} min(d={dim}, M={tasks}); change --rank or use more features or source tasks"
        )
    if rank > target_samples:
        raise BadInput(f"rank K={rank} is above the n_0={target_samples} target samples; lower --rank or raise them")


def check_budget(budget: Any, *, tasks: int, floor: Any, rank: int = 0) -> None:
    """Refuse a budget that does not cover the floor; warn when the floor leaves heads unidentified.

    Args:
      budget: N, a number or several.
      tasks: M.
      floor: N_min.
      rank: K, for the warning.

    Raises:
      BadInput: N < M N_min, or N_min < 0.
    """
    totals, least = known(budget), known(floor)
    if least is not None and not least >= 0:
        raise BadInput(f"floor N_min={least} must be at least 0")
    if totals is not None and least is not None and np.min(totals) < tasks * least:
        raise BadInput(
            f"budget N={np.min(totals)} below M*N_min={tasks}*{least}={tasks * least}; lower --floor or raise --budget"
        )
    if least is not None and least < rank:
        warnings.warn(
            f"floor N_min={least} is below K={rank}: heads of tasks at the floor are unidentifiable; use at least 2K",
            stacklevel=2,
        )


def check_totals(totals: Any, *, tasks: int, floor: Any, rank: int = 0) -> None:
    """Refuse epoch totals that shrink or never grow, or do not cover the floor.

    A plateau is allowed (the floor may lift the first totals to the same number), a fall or no rise at all is not.

    Raises:
      BadInput: some N_e is below the one before, or the last is not above the first; or N_e < M N_min.
    """
    values = known(totals)
    if values is not None and (np.any(np.diff(values) < 0) or (len(values) > 1 and values[-1] <= values[0])):
        raise BadInput(
            f"epoch totals {values.tolist()} do not increase; give each epoch 2 to 4 times the samples of the one before"
        )
    check_budget(totals, tasks=tasks, floor=floor, rank=rank)


def check_span(heads: np.ndarray, target_head: np.ndarray, *, tolerance: float = 1e-6) -> None:
    """Refuse a target that no combination of source heads gives, or heads that are not diverse.

    Args:
      heads: W (rank, task).
      target_head: w (rank,).
      tolerance: largest `||W nu2 - w|| / ||w||`.

    Raises:
      BadInput: NaN, rank(W) < K, or the residual is larger.
    """
    heads, target_head = np.asarray(heads), np.asarray(target_head)
    check_finite(heads=heads, target_head=target_head)
    residual = np.linalg.norm(heads @ (np.linalg.pinv(heads) @ target_head) - target_head)
    rank = np.linalg.matrix_rank(heads)
    if residual > tolerance * np.linalg.norm(target_head) or rank < heads.shape[0]:
        raise BadInput(
            f"target head not in the span of the source heads (residual {residual:.3g}, rank of W is {rank} of "
            f"{heads.shape[0]}); add source tasks or lower --rank"
        )


def check_lasso_ratio(ratio: Any) -> None:
    """Refuse a LASSO penalty that is not positive (no sparsity, and the path never ends) or selects nothing.

    Raises:
      BadInput: ratio outside (0, 1).
    """
    value = known(ratio)
    if value is not None and not np.all((value > 0) & (value < 1)):
        raise BadInput(f"LASSO penalty ratio is {value}, but must be in (0, 1) times max |w_t^T w|; try 0.05")
