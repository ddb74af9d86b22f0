"""PCGrad and GradVac: projections of one gradient against the others (Yu et al., NeurIPS 2020; Wang et al., ICLR 2021)."""

from typing import Any

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float

from mtrl.descent.aggregation import check_tasks, from_gramian
from mtrl.descent.gramian import safe
from mtrl.numerics.checks import check_between
from mtrl.numerics.types import PRNGKey, Scalar


def _orders(key: PRNGKey, tasks: int) -> Array:
    """(task, task): for every task an order of all tasks, its own left out where it is used."""
    return jax.vmap(lambda k: jax.random.permutation(k, tasks))(jax.random.split(key, tasks))


def pcgrad_weights(gram: Float[Array, "task task"], orders: Array) -> Float[Array, " task"]:
    """Sum over i of `g_i` projected, in turn, off every original `g_j` with which it still conflicts.

    Args:
      gram: M.
      orders: (task, task), row i the order of j for gradient i.
    """
    squares = jnp.diagonal(gram)

    def one(i, order):
        start = jax.nn.one_hot(i, gram.shape[0], dtype=gram.dtype)

        def body(alpha, j):
            product = alpha @ gram[:, j]
            step = jnp.where((j != i) & (product < 0), product / safe(squares[j]), 0)
            return alpha.at[j].add(-step), None

        return jax.lax.scan(body, start, order)[0]

    return jax.vmap(one)(jnp.arange(gram.shape[0]), orders).sum(0)


def pcgrad(*, tasks: int, key: Any = None) -> optax.GradientTransformationExtraArgs:
    """PCGrad, orders drawn anew at every step; the direction is the sum over tasks (some code takes the mean).

    Args:
      tasks: T; for two no order matters.
      key: of the orders, `jax.random.key(0)` when None.
    """
    check_tasks(tasks)

    def weigh(gram, carry, key, scale):
        if tasks == 2:  # one other gradient, so no order
            off = jnp.minimum(gram[0, 1], 0) / safe(jnp.diagonal(gram))
            return 1 - off, carry
        return pcgrad_weights(gram, _orders(key, tasks)), carry

    return from_gramian(weigh, tasks=tasks, key=jax.random.key(0) if key is None else key)


def gradvac_weights(
    gram: Float[Array, "task task"], orders: Array, target: Float[Array, "task task"], *, beta: Scalar
) -> tuple[Float[Array, " task"], Float[Array, "task task"]]:
    """Weights, and the new targets: a cosine below its target rho is raised to it, then `rho <- (1 - beta) rho + beta cos`.

    The target moves whether or not it was missed (LibMTL, TorchJD; another repository moves it when missed alone).
    """
    squares = jnp.diagonal(gram)

    def one(i, order, rho):
        start = jax.nn.one_hot(i, gram.shape[0], dtype=gram.dtype)

        def body(carry, j):
            alpha, rho = carry
            length = jnp.sqrt(jnp.maximum(alpha @ gram @ alpha, 0))
            other = jnp.sqrt(squares[j])
            cosine = jnp.where(length * other > 0, (alpha @ gram[:, j]) / safe(length * other), 0)
            cosine = jnp.clip(cosine, -1, 1)
            tangent = jnp.sqrt(1 - rho[j] ** 2)
            raised = length * (rho[j] * jnp.sqrt(1 - cosine**2) - cosine * tangent) / safe(other * tangent)
            used = (j != i) & (other > 0)
            alpha = alpha.at[j].add(jnp.where(used & (cosine < rho[j]), raised, 0))
            return (alpha, rho.at[j].set(jnp.where(used, (1 - beta) * rho[j] + beta * cosine, rho[j]))), None

        return jax.lax.scan(body, (start, rho), order)[0]

    alphas, targets = jax.vmap(one)(jnp.arange(gram.shape[0]), orders, target)
    return alphas.sum(0), targets


def gradvac(*, tasks: int, beta: Scalar = 0.5, key: Any = None) -> optax.GradientTransformationExtraArgs:
    """GradVac; the first step, with targets 0, is PCGrad's.

    Raises:
      BadInput: beta outside [0, 1].
    """
    check_between(0.0, 1.0, beta=beta)
    check_tasks(tasks)

    def weigh(gram, carry, key, scale):
        return gradvac_weights(gram, _orders(key, tasks), carry, beta=beta)

    start = jnp.zeros((tasks, tasks), jnp.zeros(()).dtype)
    return from_gramian(weigh, tasks=tasks, carry=start, key=jax.random.key(0) if key is None else key)
