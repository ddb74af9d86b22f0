"""Multitask feature learning, MTFL (Argyriou, Evgeniou, Pontil 2008, Machine Learning 73, Algorithm 1).

`min l(W) + gamma tr(W^T D^{-1} W)` over W and D (dim, dim) positive semidefinite with tr D <= 1; minimising D away
gives `gamma ||W||_*^2`. Alternates (i) per task `(D H_t + 2 gamma I) w_t = D b_t`; (ii) `D = (W W^T + eps I)^{1/2} /
tr(.)`.

Deviation: eps is annealed geometrically from `eps_start` to `eps_end` (in units of the mean square column of the
single-task ridge solution) instead of fixed; a fixed tiny eps freezes the range of D far from the optimum.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from mtrl.numerics.linalg.psd import sqrt_psd
from mtrl.numerics.optim.proximal import trace_norm
from mtrl.numerics.types import Scalar
from mtrl.representation import checks
from mtrl.representation.classical.loss import Loss, hessians, value


class FeatureLearning(NamedTuple):
    """Fitted weights and feature covariance."""

    weights: Float[Array, "dim task"]
    covariance: Float[Array, "dim dim"]  # D, trace 1
    residual: Float[Array, ""]  # last relative change of the weights


def _weights_given_covariance(loss: Loss, covariance: Array, gamma: Scalar) -> Float[Array, "dim task"]:
    """Step (i) in the symmetric form `w = R (R H R + 2 gamma I)^{-1} R b`, R the square root of D: never inverts D."""
    root = sqrt_psd(covariance)
    eye = jnp.eye(root.shape[0], dtype=root.dtype)
    system = jnp.einsum("ij,tjk,kl->til", root, hessians(loss), root, optimize="optimal") + 2 * gamma * eye
    solution = jnp.linalg.solve(system, (loss.linear @ root)[..., None])[..., 0]
    return (solution @ root).T


def mtfl(
    loss: Loss,
    gamma: Scalar,
    *,
    iterations: int = 100,
    eps_start: Scalar = 1.0,
    eps_end: Scalar = 1e-8,
) -> FeatureLearning:
    """Alternating minimisation from D = I/dim.

    Args:
      loss: data term.
      gamma: penalty weight, > 0.
      iterations: alternations (static), over which eps falls geometrically.
      eps_start: first eps, relative.
      eps_end: last eps, relative.
    """
    checks.check_penalty(gamma=gamma)
    dim = loss.linear.shape[1]
    eye = jnp.eye(dim, dtype=loss.linear.dtype)
    weights = _weights_given_covariance(loss, eye / dim, gamma)
    size = jnp.sum(weights**2) / dim
    size = jnp.where(size > 0, size, 1)
    schedule = jnp.geomspace(eps_start, eps_end, iterations).astype(weights.dtype)

    def step(carry, eps):
        weights, _, _ = carry
        root = sqrt_psd(weights @ weights.T + eps * size * eye)
        covariance = root / jnp.trace(root)
        new = _weights_given_covariance(loss, covariance, gamma)
        norm = jnp.linalg.norm(new)
        return (new, covariance, jnp.linalg.norm(new - weights) / jnp.where(norm > 0, norm, 1)), None

    start = (weights, eye / dim, jnp.zeros((), weights.dtype))
    (weights, covariance, change), _ = jax.lax.scan(step, start, schedule)
    return FeatureLearning(weights, covariance, change)


def mtfl_objective(loss: Loss, weights: Float[Array, "dim task"], gamma: Scalar) -> Float[Array, ""]:
    """`l(W) + gamma ||W||_*^2`, the objective with D minimised away."""
    return value(loss, weights) + gamma * trace_norm(weights) ** 2
