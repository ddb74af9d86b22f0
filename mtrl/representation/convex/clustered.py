"""Clustered multitask learning, CMTL, convex form (Jacob, Bach, Vert 2009; Zhou, Chen, Ye 2011).

k clusters of tasks: `alpha (tr W^T W - tr F^T W^T W F) + beta tr W^T W` over orthonormal cluster indicators F, relaxed to
`alpha eta (1 + eta) tr(W (eta I + M)^{-1} W^T)`, eta = beta/alpha, over M (task, task) with `tr M = k`, `0 <= M <= I`. At M = F F^T the
penalty is alpha * (within-cluster scatter) + beta ||W||_F^2.

For given W the best M has the eigenvectors of W^T W and eigenvalues `m_i = clip(s_i / mu - eta, 0, 1)`, s_i the singular values of W and mu
such that they sum to k. With M minimised away the penalty is a squared norm of the singular values: its proximal map fills M at
`eta + 2 step alpha eta (1 + eta)`, its conjugate is `(eta ||G||_F^2 + sum of the k largest squared singular values of G)` over
`4 alpha eta (1 + eta)`.

Deviation: FISTA on that problem, to a duality gap, instead of alternating linear systems with M, which for small eta takes tens of rounds.
"""

from typing import Any, NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from mtrl.numerics.checks import check_positive, check_whole
from mtrl.numerics.types import Scalar
from mtrl.representation.convex.quadratic import DataTerm
from mtrl.representation.convex.solver import Penalty, fit_norm


class Clustered(NamedTuple):
    """Fitted weights and relaxed cluster projector."""

    weights: Float[Array, "dim task"]
    membership: Float[Array, "task task"]  # M, trace k, eigenvalues in [0, 1]
    gap: Float[Array, ""]  # relative duality gap
    converged: Bool[Array, ""]


def cluster_penalty(
    weights: Float[Array, "dim task"], membership: Float[Array, "task task"], *, alpha: Scalar, eta: Scalar
) -> Float[Array, ""]:
    """`alpha eta (1 + eta) tr(W (eta I + M)^{-1} W^T)`."""
    shifted = membership + eta * jnp.eye(membership.shape[0], dtype=membership.dtype)
    return alpha * eta * (1 + eta) * jnp.sum(weights * jnp.linalg.solve(shifted, weights.T).T)


def _spectrum(weights: Float[Array, "dim task"]) -> tuple[Float[Array, " task"], Float[Array, "task task"]]:
    """Singular values, one per task, and right singular vectors."""
    squares, vectors = jnp.linalg.eigh(weights.T @ weights)
    return jnp.sqrt(jnp.maximum(squares, 0)), vectors


def _fill(singular: Float[Array, " task"], clusters: Scalar, eta: Scalar) -> Float[Array, " task"]:
    """`clip(s_i / mu - eta, 0, 1)` with sum k, exactly: the sum is piecewise linear in 1/mu, with kinks where an entry leaves 0 or is 1."""
    largest = jnp.max(singular)
    # Equal singular values stand for none at all: with W = 0 every feasible M is optimal and M = (k/T) I is taken.
    singular = jnp.where(largest > 0, singular / jnp.where(largest > 0, largest, 1), 1)
    # A floor far below rounding keeps the sum reachable when the rank of W is below k.
    singular = jnp.maximum(singular, jnp.finfo(singular.dtype).eps)
    kinks = jnp.sort(jnp.concatenate([eta / singular, (1 + eta) / singular]))
    sums = jnp.sum(jnp.clip(kinks[:, None] * singular - eta, 0, 1), axis=1)
    inverse = jnp.interp(jnp.asarray(clusters, singular.dtype), sums, kinks)
    return jnp.clip(inverse * singular - eta, 0, 1)


def membership_given_weights(
    weights: Float[Array, "dim task"], *, clusters: Scalar, eta: Scalar
) -> Float[Array, "task task"]:
    """The M that minimises `tr(W (eta I + M)^{-1} W^T)`: water filling of the singular values of W up to the trace k."""
    singular, vectors = _spectrum(weights)
    return (vectors * _fill(singular, clusters, eta)) @ vectors.T


def _squared_norm(alpha: Scalar, eta: Scalar, clusters: int) -> Penalty:
    """The penalty with M minimised away."""
    factor = alpha * eta * (1 + eta)

    def value(weights):
        singular, _ = _spectrum(weights)
        return factor * jnp.sum(singular**2 / (eta + _fill(singular, clusters, eta)))

    def prox(blocks, step):
        singular, vectors = _spectrum(blocks[0])
        pull = 2 * step * factor
        filled = eta + _fill(singular, clusters, eta + pull)
        return (blocks[0] @ ((vectors * (filled / (filled + pull))) @ vectors.T),)

    def conjugate(slope):
        squares = _spectrum(slope)[0] ** 2  # ascending
        return (eta * jnp.sum(squares) + jnp.sum(squares[squares.shape[0] - clusters :])) / (4 * factor)

    return Penalty(value, prox, conjugate=conjugate)


def clustered(term: DataTerm, alpha: Scalar, *, eta: Scalar, clusters: int, **search: Any) -> Clustered:
    """Weights by FISTA, to a relative duality gap, and their M.

    Args:
      term: data term.
      alpha: weight of the within-cluster scatter, > 0.
      eta: beta/alpha, > 0.
      clusters: k, in 1..T (static).
      **search: `start`, `iterations`, `gap` of `fit_norm`.
    """
    tasks = term.means.cross.shape[0]
    check_positive(alpha=alpha, eta=eta)
    check_whole(lower=2, tasks=tasks, hint="one task has no relation to learn, use ridge")
    check_whole(upper=tasks, clusters=clusters, hint="at most one cluster per task")
    found = fit_norm(term, _squared_norm(alpha, eta, clusters), **search)
    return Clustered(
        found.weights, membership_given_weights(found.weights, clusters=clusters, eta=eta), found.gap, found.converged
    )
