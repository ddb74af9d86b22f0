"""Mean-regularised multitask learning (Evgeniou and Pontil 2004): weights are pulled to their mean.

`min l(W) + rho/2 sum_t ||w_t - w_bar||^2 + mu/2 ||W||_F^2`, w_bar the mean of the columns. In closed form: with
`S_t = H_t + (rho + mu) I` the weights are `w_t = S_t^{-1}(b_t + rho w_bar)` and the mean solves
`(I - (rho/T) sum_t S_t^{-1}) w_bar = (1/T) sum_t S_t^{-1} b_t`. rho = 0: single-task ridge; rho -> infinity: pooled
ridge with weight T mu.
"""

import jax.numpy as jnp

from mtrl.numerics.checks import check_nonnegative, check_positive, check_whole
from mtrl.numerics.types import Scalar
from mtrl.representation.convex.quadratic import DataTerm, dual, gradient, hessians, solve_dual, total_hessian
from mtrl.representation.convex.single_task import by_slope
from mtrl.representation.convex.solver import Weights


def mean_regularised(term: DataTerm, rho: Scalar, *, mu: Scalar) -> Weights:
    """Closed form, in the dual where the samples are fewer than the features.

    Args:
      term: data term.
      rho: pull to the mean, >= 0.
      mu: ridge, > 0.
    """
    check_nonnegative(rho=rho)
    check_positive(mu=mu)
    tasks, dim = term.means.cross.shape
    check_whole(lower=2, tasks=tasks, hint="one task has no relation to learn, use ridge")
    eye = jnp.eye(dim, dtype=term.means.cross.dtype)
    # I - (rho/T) sum_t S_t^{-1} written as mean_t S_t^{-1} (H_t + mu I), which does not cancel at large rho.
    if (inverse := dual(term, rho + mu)) is not None:
        alone = solve_dual(inverse, term.means.cross.T)
        pulls = jnp.einsum("tni,tnj->ij", inverse.half, inverse.half) / inverse.half.shape[0]
        mean_system = ((mu + term.ridge) * eye + rho * pulls) / inverse.shift
        mean = jnp.linalg.solve(mean_system, jnp.mean(alone, axis=1))
        weights = alone + rho * solve_dual(inverse, jnp.tile(mean[:, None], (1, tasks)))
    else:
        H = hessians(term)
        inverses = jnp.linalg.inv(H + (rho + mu) * eye)
        alone = jnp.einsum("tij,tj->ti", inverses, term.means.cross)
        mean_system = jnp.einsum("tij,tjk->ik", inverses, H + mu * eye) / tasks
        mean = jnp.linalg.solve(mean_system, jnp.mean(alone, axis=0))
        weights = (alone + rho * (inverses @ mean)).T
    slope = gradient(term, weights) + rho * (weights - jnp.mean(weights, axis=1, keepdims=True)) + mu * weights
    return by_slope(term, weights, slope, mu)


def pooled_ridge(term: DataTerm, mu: Scalar) -> Weights:
    """One weight vector for all tasks: `(sum_t H_t + mu I) w = sum_t b_t`, repeated in every column."""
    check_positive(mu=mu)
    tasks, dim = term.means.cross.shape
    system = total_hessian(term) + mu * jnp.eye(dim, dtype=term.means.cross.dtype)
    shared = jnp.linalg.solve(system, jnp.sum(term.means.cross, axis=0))
    weights = jnp.tile(shared[:, None], (1, tasks))
    slope = jnp.sum(gradient(term, weights), axis=1, keepdims=True) + mu * shared[:, None]
    return by_slope(term, weights, slope, mu)
