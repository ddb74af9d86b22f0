"""IMTL-G: equal projections on every task's unit gradient (Liu et al., ICLR 2021, "Towards Impartial Multi-task Learning")."""

import jax.numpy as jnp
import optax
from jaxtyping import Array, Float

from mtrl.descent.aggregation import check_tasks, from_gramian
from mtrl.descent.gramian import norms, spectrum


def imtl_g_weights(gram: Float[Array, "task task"]) -> Float[Array, " task"]:
    """`alpha = M^+ n / sum`, n the gradients' norms: `d . u_t` is the same for all t, `u_t = g_t / |g_t|`.

    The form by a pseudo-inverse also takes dependent gradients; weights may be negative. Equal weights where their sum vanishes. For two
    tasks `alpha = (|g_2|, |g_1|) / sum` in closed form: at the Pareto set, where both gradients are opposite, a truncated rank would give a
    direction of full length there instead of none.
    """
    if gram.shape[0] == 2:
        lengths = norms(gram)
        total = lengths.sum()
        return jnp.where(total > 0, lengths[::-1] / jnp.where(total > 0, total, 1), 0.5)
    values, vectors, kept = spectrum(gram)
    inverse = jnp.where(kept, 1 / jnp.where(kept, values, 1), 0)
    alpha = vectors @ (inverse * (vectors.T @ norms(gram)))
    total = alpha.sum()
    usable = jnp.abs(total) > jnp.finfo(gram.dtype).eps * jnp.abs(alpha).sum()
    return jnp.where(usable, alpha / jnp.where(usable, total, 1), 1 / gram.shape[0])


def imtl_g(*, tasks: int) -> optax.GradientTransformationExtraArgs:
    """Aggregator of `imtl_g_weights`."""
    check_tasks(tasks)
    return from_gramian(lambda gram, carry, key, scale: (imtl_g_weights(gram), carry), tasks=tasks)
