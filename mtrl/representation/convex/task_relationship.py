"""Multitask relationship learning, MTRL (Zhang and Yeung 2010, UAI): weights and a task covariance together.

`min l(W) + lam1/2 ||W||_F^2 + lam2/2 tr(W Om^{-1} W^T)` over W and Om (task, task) positive semidefinite, tr Om = 1. For given W the best
Om is `(W^T W)^{1/2} / tr(.)`, which leaves `lam2/2 ||W||_*^2`. The figure of the method is the correlation matrix
`Om_ij / sqrt(Om_ii Om_jj)`.

Deviation, as in `mtfl`: not the paper's alternation but FISTA on the problem with Om minimised away, to a duality gap.
"""

from typing import Any, NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from mtrl.numerics.checks import check_nonnegative, check_positive, check_whole
from mtrl.numerics.types import Scalar
from mtrl.representation.convex.mtfl import root_with_unit_trace
from mtrl.representation.convex.penalties import squared_trace_norm
from mtrl.representation.convex.quadratic import DataTerm, with_ridge
from mtrl.representation.convex.solver import fit_norm


class TaskRelationship(NamedTuple):
    """Fitted weights and task covariance."""

    weights: Float[Array, "dim task"]
    covariance: Float[Array, "task task"]  # Om, trace 1
    gap: Float[Array, ""]  # relative duality gap
    converged: Bool[Array, ""]


def task_relationship(term: DataTerm, lam2: Scalar, *, lam1: Scalar, **search: Any) -> TaskRelationship:
    """Weights by FISTA, to a relative duality gap, and their Om.

    Args:
      term: data term.
      lam2: weight of the relation, > 0.
      lam1: ridge, >= 0.
      **search: `start`, `iterations`, `gap` of `fit_norm`.
    """
    check_positive(lam2=lam2)
    check_nonnegative(lam1=lam1)
    check_whole(lower=2, tasks=term.means.cross.shape[0], hint="one task has no relation to learn, use ridge")
    smooth = with_ridge(term, lam1)
    found = fit_norm(smooth, squared_trace_norm(jnp.asarray(lam2) / 2), **search)
    return TaskRelationship(
        found.weights, root_with_unit_trace(found.weights.T @ found.weights), found.gap, found.converged
    )


def correlations(covariance: Float[Array, "task task"]) -> Float[Array, "task task"]:
    """`Om_ij / sqrt(Om_ii Om_jj)`."""
    scale = jnp.sqrt(jnp.diagonal(covariance))
    return covariance / (scale[:, None] * scale[None, :])
