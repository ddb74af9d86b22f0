"""Choosing (gamma, lam) from the training data: leave-one-out scores of a whole grid, one eigendecomposition per gamma."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from mtrl.numerics.checks import check_choice, check_nonnegative, check_shape
from mtrl.numerics.types import Numbers
from mtrl.random_matrix.data import TaskData
from mtrl.random_matrix.regression.solvers import fit_at, prepare_path
from mtrl.random_matrix.regression.tuning.leave_one_out import EstimatedRisk, estimate_risk


class TunedCoupling(NamedTuple):
    """Scores of the grid and the choice."""

    scores: Float[Array, "grid_gamma grid_lam"]  # task mean of the estimated test risk
    gamma: Float[Array, " task"]
    lam: Float[Array, ""]


def tune(
    data: TaskData,
    *,
    gammas: Numbers,
    lams: Numbers,
    score: str = "gcv",
    batch: int = 8,
) -> TunedCoupling:
    """Minimise the task mean of GCV ("gcv") or leave-one-out ("loo") over a grid.

    Args:
      data: TaskData.
      gammas: candidates for gamma, (grid,) each for all tasks, or (grid, T).
      lams: (grid,) candidates for lam, 0 allowed.
      score: "gcv" or "loo".
      batch: values of lam evaluated at once; memory is batch times the targets.

    Raises:
      BadInput: a candidate is negative or not finite, or the score is unknown.
    """
    check_choice("score", score, EstimatedRisk._fields[:2])
    check_nonnegative(gammas=gammas, lams=lams)
    T, dtype = data.features.shape[0], data.features.dtype
    gammas, lams = jnp.asarray(gammas, dtype), jnp.asarray(lams, dtype)
    gammas = gammas if gammas.ndim == 2 else jnp.outer(gammas, jnp.ones(T, dtype))
    check_shape("gammas", gammas, (None, T), hint="candidates in rows, tasks in columns")
    check_shape("lams", lams, (None,))

    def of_gamma(gamma):
        path = prepare_path(data, gamma=gamma)
        return jax.lax.map(
            lambda lam: jnp.mean(getattr(estimate_risk(fit_at(path, lam)), score)), lams, batch_size=batch
        )

    scores = jax.lax.map(of_gamma, gammas)
    best = jnp.argmin(scores)
    known = jnp.isfinite(scores).all()  # NaN in the data chooses nothing
    chosen = gammas[best // lams.shape[0]], lams[best % lams.shape[0]]
    return TunedCoupling(scores, *(jnp.where(known, x, jnp.nan) for x in chosen))
