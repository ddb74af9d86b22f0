"""Weights that learn nothing: equal ones, random ones, those of the geometric mean, and of the smooth maximum."""

from typing import Any

import jax
import jax.numpy as jnp

from mtrl.descent.weightings.weighting import Weighting, check_losses, check_tasks, where_positive
from mtrl.numerics.checks import check_finite, check_positive
from mtrl.numerics.errors import BadInput
from mtrl.numerics.types import Scalar


def equal(*, tasks: int) -> Weighting:
    """`w_t = 1` (EW): the sum of the losses."""
    check_tasks(tasks)

    def update(losses, state, **extra):
        check_losses(losses, tasks)
        return jnp.ones_like(losses), state

    return Weighting(lambda: (), update)


def rlw(*, tasks: int, key: Any = None) -> Weighting:
    """`w = softmax(z)`, z ~ N(0, I) anew at every step (Lin et al., TMLR 2022); they sum to 1."""
    check_tasks(tasks)

    def update(losses, state, **extra):
        check_losses(losses, tasks)
        now, later = jax.random.split(state)
        return jax.nn.softmax(jax.random.normal(now, (tasks,), losses.dtype)), later

    return Weighting(lambda: jax.random.key(0) if key is None else key, update)


def gls(*, tasks: int) -> Weighting:
    """Gradient weights of the geometric mean `(prod_t L_t)^(1/T)` (Chennupati et al., CVPR workshops 2019): `w_t = GLS / (T L_t)`."""
    check_tasks(tasks)

    def update(losses, state, **extra):
        check_losses(losses, tasks, positive=True)
        mean = jnp.exp(jnp.log(losses).mean())
        return where_positive(losses, mean / (tasks * losses)), state

    return Weighting(lambda: (), update)


def stch(*, tasks: int, mu: Scalar = 1.0, preference: Any = None, ideal: Any = 0.0) -> Weighting:
    """Gradient weights of the smooth Tchebycheff loss `mu log sum_t exp(p_t (L_t - z_t) / mu)` (Lin et al., ICML 2024).

    Args:
      tasks: T.
      mu: smoothing; mu -> 0 is the largest weighted gap alone.
      preference: p (task,), 1/T by default.
      ideal: z, the losses that could be reached at best.

    Raises:
      BadInput: mu is not positive, an ideal that is not finite, or the preference has another length.
    """
    check_positive(mu=mu)
    check_finite(ideal=ideal, hint="the least loss each task can reach, or 0")
    check_tasks(tasks)
    p = jnp.full(tasks, 1 / tasks) if preference is None else jnp.asarray(preference, float)
    if p.shape != (tasks,):
        raise BadInput(f"preference has shape {p.shape}, but must have one entry a task, ({tasks},)")

    def update(losses, state, **extra):
        check_losses(losses, tasks)
        q = p.astype(losses.dtype)
        return q * jax.nn.softmax(q * (losses - jnp.asarray(ideal, losses.dtype)) / mu), state

    return Weighting(lambda: (), update)
