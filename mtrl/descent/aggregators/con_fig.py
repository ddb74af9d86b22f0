"""ConFIG: equal cosines with every task gradient (Liu, Chu, Thuerey, ICLR 2025, arXiv 2408.11104)."""

import jax.numpy as jnp
import optax
from jaxtyping import Array, Float

from mtrl.descent.aggregation import check_tasks, from_gramian
from mtrl.descent.gramian import cosines, norms, safe, spectrum


def con_fig_weights(gram: Float[Array, "task task"]) -> Float[Array, " task"]:
    """`d = (sum_t g_t . v) v`, v the unit vector along `U^+ 1`, U the unit gradients: the same cosine with all of them.

    Where the gradients are dependent and no such direction exists, v is the least-squares one; zero where that vanishes.
    """
    values, vectors, kept = spectrum(cosines(gram))
    inverse = jnp.where(kept, 1 / jnp.where(kept, values, 1), 0)
    alpha = vectors @ (inverse * vectors.sum(0)) / safe(norms(gram))  # of the gradients: v ~ sum alpha_t g_t
    square = alpha @ gram @ alpha
    return alpha * jnp.where(square > 0, (gram @ alpha).sum() / safe(square), 0)


def con_fig(*, tasks: int) -> optax.GradientTransformationExtraArgs:
    """Aggregator of `con_fig_weights`."""
    check_tasks(tasks)
    return from_gramian(lambda gram, carry, key, scale: (con_fig_weights(gram), carry), tasks=tasks)
