"""Weights with a parameter a task that is trained beside the model: UW and IMTL-L.

`uw_objective` and `imtl_l_objective` are the objectives: put `s` among your parameters and minimise them. The factories do the same with an
optimiser of their own and hand back the weights.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Bool, Float

from mtrl.descent.weightings.weighting import Weighting, check_losses, check_tasks
from mtrl.numerics.checks import check_finite
from mtrl.numerics.errors import BadInput

UW_STARTS = {"nash": 0.0, "libmtl": -0.5}  # published starts of s


def uw_objective(
    losses: Float[Array, " task"], s: Float[Array, " task"], *, classification: Bool[Array, " task"] | bool = False
) -> Float[Array, ""]:
    """`sum_t e^{-s_t} L_t / 2 + s_t / 2` (Kendall, Gal, Cipolla, CVPR 2018, equation 7); without the first half where a class is predicted.

    `s_t = log sigma_t^2`; for squared errors its optimum is `s_t = log L_t`, where the objective is `sum (1 + log L_t) / 2`.

    Args:
      losses: L (task,).
      s: logarithms of the noise variances (task,).
      classification: which losses are cross-entropies, for which the temperature's approximation is `e^{-s} L + s / 2` (equation 10).
    """
    half = jnp.where(jnp.asarray(classification), 1.0, 0.5).astype(losses.dtype)
    return jnp.sum(half * jnp.exp(-s) * losses + s / 2)


def imtl_l_objective(losses: Float[Array, " task"], s: Float[Array, " task"]) -> Float[Array, ""]:
    """`sum_t e^{s_t} L_t - s_t` (Liu et al., ICLR 2021, equation 7): twice UW's with s negated."""
    return jnp.sum(jnp.exp(s) * losses - s)


def _learned(objective: Any, start: Any, tasks: int, optimiser: optax.GradientTransformation) -> Weighting:
    check_tasks(tasks)
    check_finite(start=start, hint="0 weighs all tasks alike")
    first = jnp.broadcast_to(jnp.asarray(start, float), (tasks,))

    def update(losses, state, **extra):
        check_losses(losses, tasks)
        s, memory = state
        weights, slope = jax.grad(objective, argnums=(0, 1))(losses, s.astype(losses.dtype))
        step, memory = optimiser.update(slope.astype(s.dtype), memory, s)
        return weights, (optax.apply_updates(s, step), memory)

    return Weighting(lambda: (first, optimiser.init(first)), update)


def uw(
    *, tasks: int, optimiser: optax.GradientTransformation | None = None, start: Any = 0.0, classification: Any = False
) -> Weighting:
    """Uncertainty weighting; the weights are `e^{-s_t} / 2` (or `e^{-s_t}`), s is trained by `optimiser` (gradient descent at .025).

    Raises:
      BadInput: `tasks` below 1, a start that is not finite, `classification` with neither one nor T entries.
    """
    check_tasks(tasks)
    if np.shape(classification) not in ((), (tasks,)):
        raise BadInput(
            f"classification has shape {np.shape(classification)}, but must have one entry a task, ({tasks},)"
        )
    which = jnp.broadcast_to(jnp.asarray(classification), (tasks,))
    return _learned(
        lambda losses, s: uw_objective(losses, s, classification=which),
        start,
        tasks,
        optimiser or optax.sgd(0.025),
    )


def imtl_l(*, tasks: int, optimiser: optax.GradientTransformation | None = None, start: Any = 0.0) -> Weighting:
    """IMTL-L; the weights are `e^{s_t}`."""
    return _learned(imtl_l_objective, start, tasks, optimiser or optax.sgd(0.025))
