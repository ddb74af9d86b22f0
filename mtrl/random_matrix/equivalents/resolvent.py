"""What every deterministic equivalent of the multitask resolvent is, and the one T-dimensional fixed point behind all of them.

Ilbert et al. 2024 (arXiv 2406.10327): the co-resolvent `(A^1/2 Z Z^T A^1/2/(Td) + I)^-1`, A = B kron I, is replaced by
`P = (B^-1 kron I + blockdiag(kappa_t Sigma_t))^-1` at `delta_t = tr(Sigma_t P_tt)/(Td)`, `kappa_t = n_t/(Td(1+delta_t))`.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from jaxtyping import Array, Bool, Float, Int, Real

from mtrl.numerics.checks import check_positive, check_shape
from mtrl.numerics.fixed_point import newton_fixed_point
from mtrl.numerics.types import Scalar


class Equivalent(NamedTuple):
    """Fixed point and its second-order matrix; only the layout of P depends on the structure of the covariances."""

    delta: Float[Array, " task"]  # tr(Sigma_t P_tt)/(Td): optimism, 1/(1+delta_t) is the limit of Q_ii
    kappa: Float[Array, " task"]  # n_t/(Td(1+delta_t))
    D: Float[Array, " task"]  # n_t/(Td(1+delta_t)^2)
    Psi: Float[Array, "task task"]  # tr(Sigma_s P_sr Sigma_r P_rs)/(Td)
    P: Any  # (task, dim, task, dim) general; (mode, task, task) commuting; (task, task) isotropic; Blocks for a shared centre
    converged: Bool[Array, ""]
    iterations: Int[Array, ""]
    residual: Float[Array, ""]


def solve(
    blocks: Callable[[Float[Array, " task"]], tuple[Any, Float[Array, " task"], Float[Array, "task task"]]],
    *,
    n: Real[Array, " task"],
    scale: Scalar,
    start: Float[Array, " task"],
    newton: bool = True,
    tolerance: float | None = None,
    max_iterations: int = 2000,
) -> Equivalent:
    """Solve for delta; differentiable in every array that `blocks` closes over.

    The start `delta_t = B_tt tr(Sigma_t)/(Td)` is an upper bound. The paper iterates the map; since the map is increasing and jointly
    concave in delta (a parallel sum of matrices) and its Jacobian is `Psi diag(D)`, Newton steps from an upper bound decrease
    monotonically to the unique solution (derived here; both ways are tested to agree): about 6 steps where plain iteration takes 10 to
    120.

    Args:
      blocks: kappa -> (P, `tr(Sigma_t P_tt)/(Td)`, Psi).
      n: (T,) samples per task, > 0.
      scale: Td.
      start: the upper bound.
      newton: take Newton steps; plain fixed-point iteration when False.
      tolerance, max_iterations: see `mtrl.numerics.fixed_point`.
    """
    check_shape("n", n, start.shape, hint="one number of samples per task")
    check_positive(n=n, hint="every task needs samples")
    n = n.astype(start.dtype)

    def f_and_jacobian(delta):
        kappa = n / (scale * (1 + delta))
        _, new, Psi = blocks(kappa)
        return new, Psi * (kappa / (1 + delta))

    found = newton_fixed_point(f_and_jacobian, start, newton=newton, tolerance=tolerance, max_iterations=max_iterations)
    kappa = n / (scale * (1 + found.value))
    P, _, Psi = blocks(kappa)
    return Equivalent(found.value, kappa, kappa / (1 + found.value), Psi, P, *found[1:])
