"""How sure a network with one head per task is: ridge statistics on its features, and the gradients of its body.

With the body taken for the truth, task i is ridge regression on `phi`: `V_i = lam I + sum phi phi^T`, `theta_i = V_i^-1 sum phi y`, squared
widths `||phi||^2_{V_i^-1}` (the last-layer confidence set). With the network linearised at its weights (NeuralUCB; Zhou, Li and Gu, ICML
2020) the body adds `||g||^2_{D^-1}`, `g` the gradient of the value in the body's weights and D diagonal, ONE for all tasks.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float

from mtrl.nn.bodies import Body
from mtrl.nn.heads import Network, own_values
from mtrl.numerics.linalg import elimination
from mtrl.numerics.linalg.rank_one import inverse_update
from mtrl.numerics.types import Scalar


class FeatureRidge(NamedTuple):
    """M ridge regressions on features."""

    inverse: Float[Array, "task rank rank"]  # V_i^-1, V_i = lam I + sum phi phi^T
    cross: Float[Array, "task rank"]  # sum phi y


def ridge_start(*, tasks: int, rank: int, ridge: Scalar, dtype: Any = float) -> FeatureRidge:
    """No data: V_i = lam I."""
    inverse = jnp.eye(rank, dtype=dtype) / jnp.asarray(ridge, dtype)
    return FeatureRidge(jnp.broadcast_to(inverse, (tasks, rank, rank)), jnp.zeros((tasks, rank), dtype))


def ridge_add(state: FeatureRidge, features: Float[Array, "task rank"], targets: Float[Array, " task"]) -> FeatureRidge:
    """One more observation of every task (Sherman and Morrison)."""
    return FeatureRidge(inverse_update(state.inverse, features), state.cross + features * targets[:, None])


def ridge_fit(
    features: Float[Array, "task point rank"],
    visits: Float[Array, "task point"],
    totals: Float[Array, "task point"],
    *,
    ridge: Scalar,
) -> FeatureRidge:
    """The statistics afresh, after the features have changed.

    Args:
      features: phi at every point.
      visits: n, how often each point was seen: counts, or 1 and 0 for a buffer and what it does not hold yet.
      totals: sum of the targets seen at each point.
      ridge: lam, positive.
    """
    rank, dtype = features.shape[-1], features.dtype
    gram = jnp.einsum("tpk,tp,tpl->tkl", features, visits, features)
    inverse = elimination.inverse(gram + jnp.asarray(ridge, dtype) * jnp.eye(rank, dtype=dtype))
    return FeatureRidge(inverse, jnp.einsum("tpk,tp->tk", features, totals))


def ridge_index(
    state: FeatureRidge, features: Float[Array, "task point rank"]
) -> tuple[Float[Array, "task point"], Float[Array, "task point"]]:
    """Estimates `<phi, theta_i>` and squared widths `||phi||^2_{V_i^-1}`, never negative."""
    values = own_values(jnp.einsum("tkl,tl->tk", state.inverse, state.cross), features)
    squares = jnp.sum(jnp.einsum("tpk,tkl->tpl", features, state.inverse) * features, axis=-1)
    return values, jnp.maximum(squares, 0)


def body_gradients(
    body: Body, network: Network, x: Float[Array, "task point dim"]
) -> Float[Array, "task point weight"]:
    """`d <phi_W(x_{i,p}), theta_i> / d W`, flattened."""

    def one(x, head):
        return ravel_pytree(jax.grad(lambda weights: jnp.sum(body.apply(weights, x) * head))(network.body))[0]

    return jax.vmap(lambda xs, head: jax.vmap(lambda x: one(x, head))(xs))(x, network.heads)


def gradient_metric(
    gradients: Float[Array, "task point weight"], visits: Float[Array, "task point"], *, ridge: Scalar
) -> Float[Array, " weight"]:
    """`D = lam + sum n g^2`, the diagonal metric of the one body."""
    return jnp.asarray(ridge, gradients.dtype) + jnp.einsum("tp,tpw->w", visits, gradients**2)


def gradient_squares(
    gradients: Float[Array, "task point weight"], metric: Float[Array, " weight"]
) -> Float[Array, "task point"]:
    """`||g||^2_{D^-1}`."""
    return gradients**2 @ (1 / metric)
