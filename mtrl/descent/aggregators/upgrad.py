"""UPGrad: the mean of every gradient's projection onto the cone where no loss rises (Quinton and Rey 2024, arXiv 2406.16232)."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float

from mtrl.descent.aggregation import check_preference, check_tasks, from_gramian
from mtrl.descent.gramian import cosines, norms, safe
from mtrl.numerics.checks import check_whole
from mtrl.numerics.optim.fista import fista
from mtrl.numerics.optim.min_norm import MOST_TASKS, subsets


def _lifted(C: Array, least: Array) -> Array:
    """`argmin_{v >= e_i} v' C v` exactly: the best of the points at which some coordinates are free and the others at their bound."""

    def at(free):
        inner = jnp.where(free[:, None] & free[None, :], C, jnp.eye(C.shape[0], dtype=C.dtype))
        z = jnp.linalg.solve(inner, jnp.where(free, -C @ least, 0))
        good = jnp.all(z >= 0) & jnp.isfinite(z).all()
        v = least + jnp.where(good, z, 0)
        return v, v @ C @ v

    points, values = jax.vmap(at)(jnp.asarray(np.concatenate([np.zeros((1, C.shape[0]), bool), subsets(C.shape[0])])))
    return points[jnp.argmin(values)]


def upgrad_weights(
    gram: Float[Array, "task task"], preference: Float[Array, " task"] | None = None, *, iterations: int = 2000
) -> Float[Array, " task"]:
    """`alpha = sum_t w_t v_t`, `v_t = argmin_{v >= e_t} v' M v`: `J' v_t` is g_t's projection onto `{d : J d >= 0}`.

    Solved for gradients of unit length, which only rescales v; exactly up to 10 tasks.

    Args:
      gram: M.
      preference: w, equal by default.
      iterations: of accelerated projected descent, for more than 10 tasks.
    """
    tasks = gram.shape[0]
    w = jnp.full(tasks, 1 / tasks, gram.dtype) if preference is None else preference.astype(gram.dtype)
    C, length = cosines(gram), norms(gram)

    def project(least):
        if tasks <= MOST_TASKS:
            return _lifted(C, least)
        bound = jnp.max(jnp.abs(C).sum(1))

        def raised(v, step):
            return jnp.maximum(v, least)

        return fista(lambda v: C @ v, raised, least, lipschitz=bound, iterations=iterations).point

    lifted = jax.vmap(project)(jnp.eye(tasks, dtype=gram.dtype))
    return (w * length) @ lifted / safe(length)


def upgrad(*, tasks: int, preference=None, iterations: int = 2000) -> optax.GradientTransformationExtraArgs:
    """Aggregator of `upgrad_weights`; its direction conflicts with no task."""
    check_whole(iterations=iterations)
    check_tasks(tasks)
    w = check_preference(preference, tasks)
    return from_gramian(
        lambda gram, carry, key, scale: (upgrad_weights(gram, w, iterations=iterations), carry), tasks=tasks
    )
