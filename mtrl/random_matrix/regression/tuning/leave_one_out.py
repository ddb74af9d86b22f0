"""Test risk from the training data alone, without Sigma, W or noise: leave-one-out and generalised cross-validation, task by task.

Derived here for the multitask resolvent; consistent because every Q_ii of task t tends to 1/(1 + delta_t).
"""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from mtrl.random_matrix.regression.solvers import RidgeFit


class EstimatedRisk(NamedTuple):
    """Estimates of the test risk per task, averaged over outputs."""

    loo: Float[Array, " task"]  # mean of the squared leave-one-out residuals, exact
    gcv: Float[Array, " task"]  # (|r_t|^2/n_t)/(tr Q_tt/n_t)^2
    train: Float[Array, " task"]  # |r_t|^2/n_t


def loo_residuals(fit: RidgeFit) -> Float[Array, "task sample output"]:
    """`(QY)_i/Q_ii`: the error on sample i of the estimator fitted without it, exactly. 0 in padding.

    After `pack(center=True)` the means are refitted too: `(QY)_i/(Q_ii - 1/n_t)`, which `q_diag` already counts.
    """
    return fit.residual / fit.q_diag[:, :, None]


def estimate_risk(fit: RidgeFit) -> EstimatedRisk:
    """Task-wise leave-one-out and GCV estimates; padding is excluded from the means and from tr Q_tt.

    Optimistic when samples are dependent (overlapping windows of a series).

    Args:
      fit: of any solver which gives q_diag.
    """
    mask = jnp.arange(fit.q_diag.shape[1]) < fit.counts[:, None]
    n = fit.counts.astype(fit.residual.dtype)
    squares = jnp.mean(fit.residual**2, axis=2)
    train = jnp.sum(squares, axis=1) / n
    q = jnp.sum(jnp.where(mask, fit.q_diag, 0), axis=1) / n
    loo = jnp.sum(jnp.where(mask, squares / fit.q_diag**2, 0), axis=1) / n
    return EstimatedRisk(loo, train / q**2, train)
