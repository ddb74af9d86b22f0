"""Mean-regularised multitask learning (Evgeniou and Pontil 2004): weights are pulled to their mean.

`min l(W) + rho/2 sum_t ||w_t - w_bar||^2 + mu/2 ||W||_F^2`, w_bar the mean of the columns. In closed form: with
`S_t = H_t + (rho + mu) I` the weights are `w_t = S_t^{-1}(b_t + rho w_bar)` and the mean solves
`(I - (rho/T) sum_t S_t^{-1}) w_bar = (1/T) sum_t S_t^{-1} b_t`. rho = 0: single-task ridge; rho -> infinity: pooled
ridge with weight T mu.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from mtrl.numerics.types import Scalar
from mtrl.representation import checks
from mtrl.representation.classical.loss import Loss, Weights, gradient, hessians


def mean_regularised(loss: Loss, rho: Scalar, *, mu: Scalar) -> Weights:
    """Closed form.

    Args:
      loss: data term.
      rho: pull to the mean, >= 0.
      mu: ridge, > 0.

    Returns:
      Weights; the residual is the gradient relative to the linear term.
    """
    checks.check_penalty(rho=rho, mu=mu)
    checks.check_relation(loss.linear.shape[0])
    tasks, dim = loss.linear.shape
    eye = jnp.eye(dim, dtype=loss.linear.dtype)
    H = hessians(loss)
    inverses = jnp.linalg.inv(H + (rho + mu) * eye)
    alone = jnp.einsum("tij,tj->ti", inverses, loss.linear)
    # I - (rho/T) sum_t S_t^{-1} written as mean_t S_t^{-1} (H_t + mu I), which does not cancel at large rho.
    mean_system = jnp.einsum("tij,tjk->ik", inverses, H + mu * eye) / tasks
    mean = jnp.linalg.solve(mean_system, jnp.mean(alone, axis=0))
    weights = alone + rho * (inverses @ mean)
    slope = gradient(loss, weights.T) + rho * (weights - weights.mean(0)).T + mu * weights.T
    size = jnp.linalg.norm(loss.linear)
    return Weights(weights.T, jnp.linalg.norm(slope) / jnp.where(size > 0, size, 1))


def pooled_ridge(loss: Loss, mu: Scalar) -> Float[Array, "dim task"]:
    """One weight vector for all tasks: `(sum_t H_t + mu I) w = sum_t b_t`, repeated in every column."""
    checks.check_penalty(mu=mu)
    tasks, dim = loss.linear.shape
    system = jnp.sum(hessians(loss), axis=0) + mu * jnp.eye(dim, dtype=loss.linear.dtype)
    shared = jnp.linalg.solve(system, jnp.sum(loss.linear, axis=0))
    return jnp.tile(shared[:, None], (1, tasks))
