"""Relevance of source tasks to a target: solutions nu of `W nu = w`.

Chen, Du, Jamieson 2022 (Active Multi-Task Representation Learning, ICML) take the solution of least L2 norm, Wang,
Chen, Jamieson, Du 2023 (Improved Active Multi-Task Representation Learning via Lasso, ICML) that of least L1 norm.

Symbols: W heads (rank, task), column w_t; w target_head (rank,); nu relevance (task,).
  nu belongs to the pair (W, w): it does not change under `W -> A W, w -> A w`, A invertible. The LASSO estimate does,
  so heads are taken for an orthonormal basis.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float
from scipy.optimize import linprog

from mtrl.numerics.checks import check_positive
from mtrl.numerics.designs.optimal_design import c_optimal
from mtrl.numerics.linalg.psd import solve_psd
from mtrl.numerics.optim.lasso import lambda_max, lasso, refit
from mtrl.numerics.types import PRNGKey, Scalar
from mtrl.representation.active.checks import check_lasso_ratio, check_span

CUTOFF = 1e-8  # relative eigenvalue cut-off of W W^T; heads fitted with too large a rank make it singular


class Relevance(NamedTuple):
    """A relevance vector and how well it explains the target head."""

    vector: Float[Array, " task"]  # nu
    rank: Float[Array, ""]  # numerical rank of W W^T that was used; below `rank` the tasks are not diverse
    residual: Float[Array, ""]  # ||W nu - w|| / ||w||


def _measured(heads: Array, target_head: Array, vector: Array, rank: Array) -> Relevance:
    """The vector with its residual; NaN where this is, so that heads that are not finite never look relevant."""
    length = jnp.linalg.norm(target_head)
    miss = jnp.linalg.norm(heads @ vector - target_head) / jnp.where(length > 0, length, 1)
    return Relevance(jnp.where(jnp.isfinite(miss), vector, jnp.nan).astype(vector.dtype), rank, miss)


def l2_relevance(
    heads: Float[Array, "rank task"], target_head: Float[Array, " rank"], *, cutoff: Scalar = CUTOFF
) -> Relevance:
    """`nu2 = W^T (W W^T)^+ w`, the least L2 norm solution (Chen et al. 2022, section 3)."""
    size = jnp.linalg.norm(heads)
    unit = heads / jnp.where(size > 0, size, 1)  # W W^T must not leave the floating range
    dual, rank = solve_psd(unit @ unit.T, target_head, cutoff)
    return _measured(heads, target_head, (unit.T @ dual) / jnp.where(size > 0, size, 1), rank)


def l1_relevance(
    heads: Float[Array, "rank task"],
    target_head: Float[Array, " rank"],
    *,
    iterations: int = 2000,
    cutoff: Scalar = CUTOFF,
) -> Relevance:
    """`nu1 = argmin ||nu||_1 s.t. W nu = w` as a traced computation, by the c-optimal design of Elfving's theorem.

    A fixed number of multiplicative steps: entries off the support are small, not zero. `l1_relevance_exact` gives the
    vertex solution on the host.
    """
    design = c_optimal(heads, target_head, iterations=iterations, cutoff=jnp.sqrt(jnp.asarray(cutoff, heads.dtype)))
    return _measured(heads, target_head, design.solution, design.rank)


def l1_relevance_exact(heads: np.ndarray, target_head: np.ndarray) -> np.ndarray:
    """`nu1` by linear programming (dual simplex, hence a vertex with at most `rank` non-zeros). Host function.

    Raises:
      BadInput: NaN, or the target head is outside the span of the source heads, or these are not diverse (rank below K).
    """
    heads, target_head = np.asarray(heads, float), np.asarray(target_head, float)
    check_span(heads, target_head)
    tasks = heads.shape[1]
    size = np.abs(heads).max()
    result = linprog(
        np.ones(2 * tasks),
        A_eq=np.hstack([heads, -heads]) / size,
        b_eq=target_head / size,
        method="highs-ds",
    )
    return result.x[:tasks] - result.x[tasks:]


def lp_relevance(
    heads: Float[Array, "rank task"],
    target_head: Float[Array, " rank"],
    *,
    norm: Scalar,
    iterations: int = 200,
    cutoff: Scalar = 1e-14,
) -> Relevance:
    """`argmin ||nu||_p s.t. W nu = w` for a norm p in [1, 2], by iteratively reweighted least squares.

    `nu <- D W^T (W D W^T)^+ w`, `D = diag(|nu|^{2-p})` (Gorodnitsky and Rao 1997, IEEE Trans. Signal Processing 45).
    p = 2 is exact after one step; p = 1 is the multiplicative rule of the c-optimal design.

    Args:
      heads: W.
      target_head: w.
      norm: p.
      iterations: static number of steps.
      cutoff: relative eigenvalue cut-off of `W D W^T`.
    """
    base = l2_relevance(heads, target_head)

    def step(nu, _):
        size = jnp.abs(nu)
        top = jnp.max(size)
        weights = (size / jnp.where(top > 0, top, 1)) ** (2 - norm)
        weighted = l2_relevance(heads * jnp.sqrt(weights), target_head, cutoff=cutoff)
        return jnp.sqrt(weights) * weighted.vector, None

    vector, _ = jax.lax.scan(step, base.vector, length=iterations)
    return _measured(heads, target_head, vector, base.rank)


def priced_l1_relevance_exact(heads: np.ndarray, target_head: np.ndarray, prices: np.ndarray) -> np.ndarray:
    """`argmin sum_t sqrt(c_t) |nu_t| s.t. W nu = w` for prices c_t > 0 per sample, by linear programming. Host function.

    The problem is posed by Wang et al. 2023; this solution, derived here, is the plain one for the heads
    `w_t / sqrt(c_t)`. Unit prices give `l1_relevance_exact`.
    """
    check_positive(prices=prices)
    root = np.sqrt(np.asarray(prices, float))
    return l1_relevance_exact(np.asarray(heads, float) / root, target_head) / root


class LassoRelevance(NamedTuple):
    """Relevance estimated from fitted heads by the LASSO."""

    vector: Float[Array, " task"]  # nu_hat
    penalty: Float[Array, ""]  # lambda = ratio * max_t |w_t^T w|
    gap: Float[Array, ""]  # duality gap reached, over `||w||^2 / 2`: 0 iff optimal
    all_zero: Bool[Array, ""]  # nothing selected, allocate uniformly


def lasso_relevance(
    heads: Float[Array, "rank task"],
    target_head: Float[Array, " rank"],
    *,
    ratio: Scalar = 0.05,
    debias: bool = False,
    tolerance: Scalar | None = None,
    cutoff: Scalar = CUTOFF,
) -> LassoRelevance:
    """`argmin_nu 1/2 ||W nu - w||^2 + lambda ||nu||_1` (Wang et al. 2023, the estimation step of L1-A-MTRL).

    Stopped at a duality gap (`numerics.optim.lasso` says which accuracy its default reaches).

    Args:
      heads: fitted W for an ORTHONORMAL basis.
      target_head: fitted w.
      ratio: lambda over `max_t |w_t^T w|`, in (0, 1); at 1 the solution is zero.
      debias: refit by least norm on the support, which removes the shrinkage.
      tolerance: of the duality gap, relative to `||w||^2 / 2`; None for 1e-11, in 32 bits 1e-5.
      cutoff: of the refit.
    """
    check_lasso_ratio(ratio)
    penalty = ratio * lambda_max(heads, target_head)
    vector, gap = lasso(heads, target_head, penalty=penalty, tolerance=tolerance)
    if debias:
        vector = refit(heads, target_head, vector != 0, cutoff=cutoff)
    return LassoRelevance(vector, penalty, gap, ~jnp.any(vector != 0))


def keep_largest(vector: Float[Array, " task"], count: Scalar) -> Float[Array, " task"]:
    """k-sparse selection: the `count` largest |nu_t| stay, the others become zero (ties: smaller index stays); NaN stays NaN."""
    order = jnp.argsort(-jnp.abs(vector), stable=True)
    place = jnp.zeros(order.shape, jnp.int32).at[order].set(jnp.arange(order.size, dtype=jnp.int32))
    return jnp.where((place < jnp.asarray(count).astype(jnp.int32)) | ~jnp.isfinite(vector), vector, 0)


def random_support(key: PRNGKey, tasks: int, count: Scalar) -> Bool[Array, " {tasks}"]:
    """True on `count` random tasks: k-sparse passive sampling."""
    return jax.random.permutation(key, tasks).astype(jnp.int32) < jnp.asarray(count).astype(jnp.int32)


def single_best(vector: Float[Array, " task"]) -> Float[Array, " task"]:
    """Baseline: everything on the source task with the largest |nu_t|."""
    return keep_largest(vector, 1)
