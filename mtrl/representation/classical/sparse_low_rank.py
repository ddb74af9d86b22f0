"""Sparse plus low rank (Chen, Liu, Ye 2012, Learning Incoherent Sparse and Low-Rank Patterns; convex form).

`min l(P + Q) + lam_l ||P||_* + lam_s sum |Q_jt|`. Deviation: the paper bounds the trace norm; here it is penalised,
which traces the same solutions.
"""

from jaxtyping import Array, Float

from mtrl.numerics.optim.proximal import shrink_singular_values, soft_threshold
from mtrl.numerics.types import Scalar
from mtrl.representation import checks
from mtrl.representation.classical.decomposed import decompose
from mtrl.representation.classical.loss import Decomposition, Loss


def sparse_low_rank(
    loss: Loss,
    lam_l: Scalar,
    *,
    lam_s: Scalar,
    start: tuple[Float[Array, "dim task"], Float[Array, "dim task"]] | None = None,
    iterations: int = 300,
) -> Decomposition:
    """Low-rank P (trace norm, weight lam_l) plus entrywise sparse Q (weight lam_s)."""
    checks.check_penalty(lam_l=lam_l, lam_s=lam_s)
    return decompose(
        loss,
        lambda p, step: shrink_singular_values(p, step * lam_l),
        lambda q, step: soft_threshold(q, step * lam_s),
        start=start,
        iterations=iterations,
    )
