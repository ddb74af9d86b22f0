"""Robust multitask learning (Chen, Zhou, Ye 2011, KDD): a low-rank part plus outlier tasks.

`min l(P + Q) + lam_l ||P||_* + lam_s sum_t ||Q_:,t||_2`; a nonzero column of Q marks an outlier task. For lam_s >=
lam_l the outlier part vanishes (trace norm); for lam_s <= lam_l / sqrt(T) the low-rank part does.
"""

from jaxtyping import Array, Float

from mtrl.numerics.optim.proximal import shrink_groups, shrink_singular_values
from mtrl.numerics.types import Scalar
from mtrl.representation import checks
from mtrl.representation.classical.decomposed import decompose
from mtrl.representation.classical.loss import Decomposition, Loss


def robust(
    loss: Loss,
    lam_l: Scalar,
    *,
    lam_s: Scalar,
    start: tuple[Float[Array, "dim task"], Float[Array, "dim task"]] | None = None,
    iterations: int = 300,
) -> Decomposition:
    """Low-rank P (trace norm, weight lam_l) plus outlier columns Q (weight lam_s)."""
    checks.check_penalty(lam_l=lam_l, lam_s=lam_s)
    return decompose(
        loss,
        lambda p, step: shrink_singular_values(p, step * lam_l),
        lambda q, step: shrink_groups(q, step * lam_s, axis=0),
        start=start,
        iterations=iterations,
    )
