"""Dirty model (Jalali, Ravikumar, Sanghavi, Ruan 2010, NeurIPS): shared features plus task-specific ones.

`min l(P + Q) + lam_b ||P||_{1,inf} + lam_s ||Q||_{1,1}`. For lam_s <= lam_b / T the shared part vanishes (a lasso per
task); for lam_s >= lam_b the own part does.
"""

from jaxtyping import Array, Float

from mtrl.numerics.optim.proximal import prox_l1_inf, soft_threshold
from mtrl.numerics.types import Scalar
from mtrl.representation import checks
from mtrl.representation.classical.decomposed import decompose
from mtrl.representation.classical.loss import Decomposition, Loss


def dirty(
    loss: Loss,
    lam_b: Scalar,
    *,
    lam_s: Scalar,
    start: tuple[Float[Array, "dim task"], Float[Array, "dim task"]] | None = None,
    iterations: int = 300,
) -> Decomposition:
    """Shared P (row-wise max norm, weight lam_b) plus own Q (entrywise l1, weight lam_s)."""
    checks.check_penalty(lam_b=lam_b, lam_s=lam_s)
    return decompose(
        loss,
        lambda p, step: prox_l1_inf(p, step * lam_b),
        lambda q, step: soft_threshold(q, step * lam_s),
        start=start,
        iterations=iterations,
    )
