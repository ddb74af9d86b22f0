"""Robust multitask feature learning (Gong, Ye, Zhang 2012, KDD): shared features plus outlier tasks.

`min l(P + Q) + lam_1 sum_j ||P_j,:||_2 + lam_2 sum_t ||Q_:,t||_2`: rows of P are selected features, columns of Q
outlier tasks.
"""

from jaxtyping import Array, Float

from mtrl.numerics.optim.proximal import shrink_groups
from mtrl.numerics.types import Scalar
from mtrl.representation import checks
from mtrl.representation.classical.decomposed import decompose
from mtrl.representation.classical.loss import Decomposition, Loss


def robust_features(
    loss: Loss,
    lam_1: Scalar,
    *,
    lam_2: Scalar,
    start: tuple[Float[Array, "dim task"], Float[Array, "dim task"]] | None = None,
    iterations: int = 300,
) -> Decomposition:
    """Row-sparse P (weight lam_1) plus column-sparse Q (weight lam_2)."""
    checks.check_penalty(lam_1=lam_1, lam_2=lam_2)
    return decompose(
        loss,
        lambda p, step: shrink_groups(p, step * lam_1, axis=1),
        lambda q, step: shrink_groups(q, step * lam_2, axis=0),
        start=start,
        iterations=iterations,
    )
