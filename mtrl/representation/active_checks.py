"""What active sampling refuses or warns about: host functions, one plain sentence each."""

import warnings
from collections.abc import Sequence

import numpy as np

from mtrl.numerics.errors import BadInput


def check_finite(name: str, values: np.ndarray) -> None:
    """Refuse data with NaN or infinity.

    Raises:
      BadInput: some entry is not finite.
    """
    bad = int(np.sum(~np.isfinite(values)))
    if bad:
        raise BadInput(f"{name} has {bad} non-finite values, but all must be finite; clean the data first")


def check_rank(rank: int, *, dim: int, tasks: int, target_samples: int) -> None:
    """Refuse a representation that cannot be identified.

    Raises:
      BadInput: K > min(d, M), or K > n_0.
    """
    if rank > min(dim, tasks):
        raise BadInput(
            f"rank K={rank} is above min(d={dim}, M={tasks}); lower --rank or use more features or source tasks"
        )
    if rank > target_samples:
        raise BadInput(f"rank K={rank} is above the n_0={target_samples} target samples; lower --rank or raise them")


def check_budget(budget: int, *, tasks: int, floor: int, rank: int) -> None:
    """Refuse a budget that does not cover the floor; warn when the floor leaves heads unidentified.

    Raises:
      BadInput: N < M N_min.
    """
    if budget < tasks * floor:
        raise BadInput(
            f"budget N={budget} below M*N_min={tasks}*{floor}={tasks * floor}; lower --floor or raise --budget"
        )
    if floor < rank:
        warnings.warn(
            f"floor N_min={floor} is below K={rank}: heads of tasks at the floor are unidentifiable; use at least 2K",
            stacklevel=2,
        )


def check_totals(totals: Sequence[int], *, tasks: int, floor: int, rank: int) -> None:
    """Refuse epoch totals that shrink or never grow, or do not cover the floor.

    A plateau is allowed (the floor may lift the first totals to the same number), a fall or no rise at all is not.

    Raises:
      BadInput: some N_e is below the one before, or the last is not above the first; or N_e < M N_min.
    """
    totals = [int(total) for total in totals]
    falls = any(later < earlier for earlier, later in zip(totals, totals[1:], strict=False))
    if falls or (len(totals) > 1 and totals[-1] <= totals[0]):
        raise BadInput(
            f"epoch totals {totals} do not increase; give each epoch 2 to 4 times the samples of the one before"
        )
    for total in totals:
        check_budget(total, tasks=tasks, floor=floor, rank=rank)


def check_span(heads: np.ndarray, target_head: np.ndarray, *, tolerance: float = 1e-6) -> None:
    """Refuse a target that no combination of source heads gives, or heads that are not diverse.

    Args:
      heads: W (rank, task).
      target_head: w (rank,).
      tolerance: largest `||W nu2 - w|| / ||w||`.

    Raises:
      BadInput: rank(W) < K, or the residual is larger.
    """
    heads, target_head = np.asarray(heads), np.asarray(target_head)
    check_finite("heads", heads)
    check_finite("target head", target_head)
    residual = np.linalg.norm(heads @ (np.linalg.pinv(heads) @ target_head) - target_head)
    rank = np.linalg.matrix_rank(heads)
    if residual > tolerance * np.linalg.norm(target_head) or rank < heads.shape[0]:
        raise BadInput(
            f"target head not in the span of the source heads (residual {residual:.3g}, rank of W is {rank} of "
            f"{heads.shape[0]}); add source tasks or lower --rank"
        )


def check_lasso_ratio(ratio: float) -> None:
    """Refuse a LASSO penalty that is not positive (no sparsity, and the path never ends) or selects nothing.

    Raises:
      BadInput: ratio outside (0, 1).
    """
    if not 0 < ratio < 1:
        raise BadInput(f"LASSO penalty ratio is {ratio}, but must be in (0, 1) times max |w_t^T w|; try 0.05")


def check_target_excluded(target: int, sources: Sequence[int]) -> None:
    """Refuse a target among its own sources: its labels would be bought as source labels.

    Raises:
      BadInput: the target's task number is in `sources`.
    """
    if int(target) in {int(source) for source in sources}:
        raise BadInput(f"target task {target} is among the source tasks; remove it from the sources")


def check_disjoint_images(train: np.ndarray, test: np.ndarray) -> None:
    """Refuse test images whose original also serves training, whatever the corruption.

    Raises:
      BadInput: an image number is in both.
    """
    shared = np.intersect1d(train, test)
    if shared.size:
        raise BadInput(
            f"{shared.size} test images (first: {shared[0]}) are also training images; split the images before corrupting"
        )


def warn_all_zero(all_zero: np.ndarray) -> None:
    """Say how often the relevance estimate was zero, so that an epoch was uniform."""
    times = int(np.sum(all_zero))
    if times:
        warnings.warn(
            f"{times} relevance estimates were all zero, so the next epoch was uniform; lower --lasso_ratio",
            stacklevel=2,
        )
