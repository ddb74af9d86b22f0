"""Clustered multitask learning, CMTL, convex form (Jacob, Bach, Vert 2009; Zhou, Chen, Ye 2011).

k clusters of tasks: `alpha (tr W^T W - tr F^T W^T W F) + beta tr W^T W` over orthonormal cluster indicators F, relaxed
to `alpha eta (1 + eta) tr(W (eta I + M)^{-1} W^T)`, eta = beta/alpha, over M (task, task) with `tr M = k`, `0 <= M <=
I`. At M = F F^T the penalty is alpha * (within-cluster scatter) + beta ||W||_F^2. Alternates W (linear system,
conjugate gradients) and M: eigenvectors of W^T W with eigenvalues `clip(s_i / mu - eta, 0, 1)`, s_i the singular
values of W, mu by bisection for the trace.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from mtrl.numerics.linalg.conjugate_gradients import conjugate_gradients
from mtrl.numerics.types import Scalar
from mtrl.representation import checks
from mtrl.representation.classical.loss import Loss, apply_hessian

BISECTIONS = 80


class Clustered(NamedTuple):
    """Fitted weights and relaxed cluster projector."""

    weights: Float[Array, "dim task"]
    membership: Float[Array, "task task"]  # M, trace k, eigenvalues in [0, 1]
    residual: Float[Array, ""]  # last relative change of the weights


def penalty(
    weights: Float[Array, "dim task"], membership: Float[Array, "task task"], *, alpha: Scalar, eta: Scalar
) -> Float[Array, ""]:
    """`alpha eta (1 + eta) tr(W (eta I + M)^{-1} W^T)`."""
    shifted = membership + eta * jnp.eye(membership.shape[0], dtype=membership.dtype)
    return alpha * eta * (1 + eta) * jnp.sum(weights * jnp.linalg.solve(shifted, weights.T).T)


def membership_given_weights(
    weights: Float[Array, "dim task"], *, clusters: Scalar, eta: Scalar
) -> Float[Array, "task task"]:
    """The M that minimises `tr(W (eta I + M)^{-1} W^T)`: water filling of the singular values of W up to the trace k."""
    values, vectors = jnp.linalg.eigh(weights.T @ weights)
    singular = jnp.sqrt(jnp.maximum(values, 0))
    largest = jnp.max(singular)
    # Equal singular values stand for none at all: with W = 0 every feasible M is optimal and M = (k/T) I is taken.
    singular = jnp.where(largest > 0, singular / jnp.where(largest > 0, largest, 1), 1)
    # A floor far below rounding keeps the trace reachable when the rank of W is below k.
    singular = jnp.maximum(singular, jnp.finfo(singular.dtype).eps)

    def halve(bounds, _):
        low, high = bounds  # of log mu; the trace falls as mu grows
        middle = (low + high) / 2
        too_large = jnp.sum(jnp.clip(singular / jnp.exp(middle) - eta, 0, 1)) > clusters
        return (jnp.where(too_large, middle, low), jnp.where(too_large, high, middle)), None

    bounds = (jnp.log(jnp.min(singular) / (1 + eta)) - 1, jnp.log(1 / eta) + 1)
    bounds = jax.tree.map(lambda x: jnp.asarray(x, singular.dtype), bounds)
    (low, high), _ = jax.lax.scan(halve, bounds, length=BISECTIONS)
    filled = jnp.clip(singular / jnp.exp((low + high) / 2) - eta, 0, 1)
    return (vectors * filled) @ vectors.T


def clustered(
    loss: Loss,
    alpha: Scalar,
    *,
    eta: Scalar,
    clusters: int,
    iterations: int = 60,
    tolerance: float = 1e-10,
    start: Float[Array, "dim task"] | None = None,
) -> Clustered:
    """Alternating minimisation (jointly convex) from the M that is optimal for `start`; (k/T) I for zero.

    For small eta it needs tens of alternations from zero and few from the solution at a nearby alpha.

    Args:
      loss: data term.
      alpha: weight of the within-cluster scatter, > 0.
      eta: beta/alpha, > 0.
      clusters: k, in 1..T.
      iterations: alternations (static).
      tolerance: relative residual of the conjugate gradients.
      start: weights to start from; zero when None.

    Raises:
      BadInput: a single task, k outside 1..T, or a negative weight.
    """
    tasks = loss.linear.shape[0]
    checks.check_relation(tasks)
    checks.check_clusters(clusters, tasks)
    checks.check_penalty(alpha=alpha, eta=eta)
    eye = jnp.eye(tasks, dtype=loss.linear.dtype)
    factor = 2 * alpha * eta * (1 + eta)

    def solve(membership, warm):
        inverse = factor * jnp.linalg.inv(membership + eta * eye)
        system = lambda w: apply_hessian(loss, w) + w @ inverse  # noqa: E731
        return conjugate_gradients(system, loss.linear.T, warm, tolerance=tolerance, iterations=500)

    def step(carry, _):
        weights, membership, _ = carry
        new = solve(membership, weights)
        norm = jnp.linalg.norm(new)
        change = jnp.linalg.norm(new - weights) / jnp.where(norm > 0, norm, 1)
        return (new, membership_given_weights(new, clusters=clusters, eta=eta), change), None

    warm = jnp.zeros_like(loss.linear.T) if start is None else start
    first = (warm, membership_given_weights(warm, clusters=clusters, eta=eta), jnp.zeros((), eye.dtype))
    (weights, membership, change), _ = jax.lax.scan(step, first, length=iterations)
    return Clustered(weights, membership, change)
