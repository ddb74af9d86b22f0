"""The oracle of the survey's table: the best estimate for someone who knows the structure but not the weights.

Given the structure the weights are Gaussian with `Cov(w_t, w_s) = sum_k coupling[k, t, s] covariance[k]` (see
`mtrl.representation.subspace.structures`), and the responses are linear in them with Gaussian noise, so the posterior mean is in
closed form and has the least expected squared error of all estimators. With the responses of all tasks stacked,

    K[(t, i), (s, j)] = sum_k coupling[k, t, s] x_ti^T covariance[k] x_sj,   u = (K + sigma^2 I)^{-1} y,
    w_t = sum_k covariance[k] sum_s coupling[k, t, s] X_s^T u_s.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from mtrl.numerics.types import Scalar


def oracle(
    x: Float[Array, "task sample dim"],
    y: Float[Array, "task sample"],
    coupling: Float[Array, "term task task"],
    covariance: Float[Array, "term dim dim"],
    *,
    noise: Scalar,
) -> Float[Array, "dim task"]:
    """Posterior mean of the weights.

    Args:
      x: inputs.
      y: responses.
      coupling: between tasks, per term.
      covariance: of the features, per term.
      noise: sigma, standard deviation of the label noise, > 0.
    """
    tasks, samples, dim = x.shape
    rows = x.reshape(-1, dim)
    features = jnp.einsum("id,kde,je->kij", rows, covariance, rows, optimize="optimal")
    same = jnp.repeat(jnp.repeat(coupling, samples, axis=1), samples, axis=2)
    kernel = jnp.sum(same * features, axis=0) + noise**2 * jnp.eye(tasks * samples, dtype=x.dtype)
    dual = jnp.linalg.solve(kernel, y.reshape(-1)).reshape(tasks, samples)
    pull = jnp.einsum("tnd,tn->dt", x, dual)
    return jnp.einsum("kde,es,kts->dt", covariance, pull, coupling, optimize="optimal")
