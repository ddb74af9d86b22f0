"""Choosing (gamma, lam) from the training data: leave-one-out scores of a whole grid, one eigendecomposition per gamma."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from mtrl.random_matrix.data import TaskData
from mtrl.random_matrix.leave_one_out import estimate_risk
from mtrl.random_matrix.path import fit_at, prepare


class Tuned(NamedTuple):
    """Scores of the grid and the choice."""

    scores: Float[Array, "grid_gamma grid_lam"]  # task mean of the estimated test risk
    gamma: Float[Array, " task"]
    lam: Float[Array, ""]


def tune(
    data: TaskData,
    *,
    gammas: Float[Array, "grid_gamma task"],
    lams: Float[Array, " grid_lam"],
    score: str = "gcv",
    batch: int = 8,
) -> Tuned:
    """Minimise the task mean of GCV ("gcv") or leave-one-out ("loo") over a grid.

    Args:
      data: TaskData.
      gammas: candidate vectors gamma, one per row.
      lams: candidate lam, 0 allowed.
      score: "gcv" or "loo".
      batch: values of lam evaluated at once; memory is batch times the targets.
    """

    def of_gamma(gamma):
        path = prepare(data, gamma=gamma)
        return jax.lax.map(
            lambda lam: jnp.mean(getattr(estimate_risk(fit_at(path, lam), data.counts), score)), lams, batch_size=batch
        )

    scores = jax.lax.map(of_gamma, gammas)
    best = jnp.argmin(scores)
    return Tuned(scores, gammas[best // lams.shape[0]], lams[best % lams.shape[0]])
