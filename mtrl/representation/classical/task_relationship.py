"""Multitask relationship learning, MTRL (Zhang and Yeung 2010, UAI): weights and a task covariance together.

`min l(W) + lam1/2 ||W||_F^2 + lam2/2 tr(W Om^{-1} W^T)` over W and Om (task, task) positive semidefinite, tr Om = 1;
minimising Om away gives `lam2/2 ||W||_*^2`. Alternates (i) W from the linear system
`(blockdiag(H_t) + lam1 I + lam2 Om^{-1} kron I) vec W = b`; (ii) `Om = (W^T W + eps I)^{1/2} / tr(.)`. The figure of
the method is the correlation matrix `Om_ij / sqrt(Om_ii Om_jj)`.

Deviations: eps is annealed geometrically (see `mtfl`), in units of the mean square column of the first solution; the
system is solved in the variable `V = W Om^{-1/2}`, which never inverts Om, by conjugate gradients with warm starts.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from mtrl.numerics.linalg.conjugate_gradients import conjugate_gradients
from mtrl.numerics.linalg.psd import sqrt_psd
from mtrl.numerics.types import Scalar
from mtrl.representation import checks
from mtrl.representation.classical.loss import Loss, apply_hessian


class TaskRelationship(NamedTuple):
    """Fitted weights and task covariance."""

    weights: Float[Array, "dim task"]
    covariance: Float[Array, "task task"]  # Om, trace 1
    residual: Float[Array, ""]  # last relative change of the weights


def weights_given_covariance(
    loss: Loss,
    root: Float[Array, "task task"],
    *,
    lam1: Scalar,
    lam2: Scalar,
    start: Float[Array, "dim task"],
    tolerance: float = 1e-10,
    iterations: int = 300,
) -> Float[Array, "dim task"]:
    """Step (i): V (dim, task), W = V R with R the root of Om: `(H[V R] + lam1 V R) R + lam2 V = b R`.

    Args:
      loss: data term.
      root: symmetric square root R of Om.
      lam1: ridge, >= 0.
      lam2: weight of the relation, > 0.
      start: V to start from.
      tolerance: relative residual of the conjugate gradients.
      iterations: of the conjugate gradients, at most.
    """

    def system(v):
        weights = v @ root
        return (apply_hessian(loss, weights) + lam1 * weights) @ root + lam2 * v

    right = loss.linear.T @ root
    return conjugate_gradients(system, right, start, tolerance=tolerance, iterations=iterations)


def task_relationship(
    loss: Loss,
    lam2: Scalar,
    *,
    lam1: Scalar,
    iterations: int = 60,
    eps_start: Scalar = 1.0,
    eps_end: Scalar = 1e-8,
    tolerance: float = 1e-10,
) -> TaskRelationship:
    """Alternating minimisation from Om = I/T.

    Args:
      loss: data term.
      lam2: weight of the relation, > 0.
      lam1: ridge, >= 0.
      iterations: alternations (static), over which eps falls geometrically.
      eps_start: first eps, relative.
      eps_end: last eps, relative.
      tolerance: of the conjugate gradients.
    """
    checks.check_penalty(lam1=lam1, lam2=lam2)
    checks.check_relation(loss.linear.shape[0])
    tasks, dim = loss.linear.shape
    eye = jnp.eye(tasks, dtype=loss.linear.dtype)
    root = eye / jnp.sqrt(jnp.asarray(tasks, eye.dtype))
    solve = lambda root, start: weights_given_covariance(  # noqa: E731
        loss, root, lam1=lam1, lam2=lam2, start=start, tolerance=tolerance
    )
    v = solve(root, jnp.zeros((dim, tasks), eye.dtype))
    size = jnp.sum((v @ root) ** 2) / tasks
    size = jnp.where(size > 0, size, 1)
    schedule = jnp.geomspace(eps_start, eps_end, iterations).astype(eye.dtype)

    def step(carry, eps):
        v, root, _, _ = carry
        weights = v @ root
        covariance = sqrt_psd(weights.T @ weights + eps * size * eye)
        covariance = covariance / jnp.trace(covariance)
        new_root = sqrt_psd(covariance)
        new_v = solve(new_root, v)
        new = new_v @ new_root
        norm = jnp.linalg.norm(new)
        change = jnp.linalg.norm(new - weights) / jnp.where(norm > 0, norm, 1)
        return (new_v, new_root, covariance, change), None

    start = (v, root, root @ root, jnp.zeros((), eye.dtype))
    (v, root, covariance, change), _ = jax.lax.scan(step, start, schedule)
    return TaskRelationship(v @ root, covariance, change)


def correlations(covariance: Float[Array, "task task"]) -> Float[Array, "task task"]:
    """`Om_ij / sqrt(Om_ii Om_jj)`."""
    scale = jnp.sqrt(jnp.diagonal(covariance))
    return covariance / (scale[:, None] * scale[None, :])
