"""GradNorm: weights that bring gradient norms to a common rate (Chen et al., ICML 2018)."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float

from mtrl.descent.weightings.weighting import Weighting, check_losses, check_tasks
from mtrl.numerics.checks import check_nonnegative
from mtrl.numerics.errors import BadInput
from mtrl.numerics.types import Scalar


class GradNormState(NamedTuple):
    """v (task,), the optimiser's memory, the first losses and whether they are known."""

    v: Float[Array, " task"]
    memory: Any
    first: Float[Array, " task"]
    started: Array


def gradnorm_objective(
    v: Float[Array, " task"], norms: Float[Array, " task"], rates: Float[Array, " task"], *, alpha: Scalar
) -> Float[Array, ""]:
    """`sum_t |n_t - mean(n) r_t^alpha|`, `n_t = w_t |grad L_t|`, `w = T v / sum v`; the target is a constant.

    Args:
      v: parameters of the weights.
      norms: `|grad_W L_t|` at the last shared layer, unweighted.
      rates: `r_t = (L_t / L_t(0)) / mean`.
      alpha: how strongly slow tasks are pulled.
    """
    n = v.shape[0] * v / v.sum() * norms
    target = jax.lax.stop_gradient(n.mean() * rates**alpha)
    return jnp.abs(n - target).sum()


def gradnorm(*, tasks: int, alpha: Scalar = 1.5, optimiser: optax.GradientTransformation | None = None) -> Weighting:
    """GradNorm; `update` asks for `norms`, the task gradients' norms at the last shared layer.

    Args:
      tasks: T.
      alpha: 1.5 in LibMTL, 2 in the code of Aligned-MTL.
      optimiser: of v, gradient descent at .025 by default.

    Raises:
      BadInput: alpha below 0, or a step without `norms`.
    """
    check_nonnegative(alpha=alpha)
    check_tasks(tasks)
    learner = optimiser or optax.sgd(0.025)
    ones = jnp.ones(tasks)

    def update(losses, state, *, norms=None, **extra):
        check_losses(losses, tasks)
        if norms is None:
            raise BadInput(
                "GradNorm got no norms; give update(..., norms=) the task gradients' norms at the last shared layer"
            )
        given = losses.dtype
        losses, norms = losses.astype(state.v.dtype), jnp.asarray(norms, state.v.dtype)
        first = jnp.where(state.started, state.first, losses)
        fall = losses / first
        slope = jax.grad(gradnorm_objective)(state.v, norms, fall / fall.mean(), alpha=alpha)
        step, memory = learner.update(slope, state.memory, state.v)
        weights = tasks * state.v / state.v.sum()
        v = jax.tree.map(lambda x: jnp.maximum(x, 1e-6), optax.apply_updates(state.v, step))
        # The derivative of an absolute value is a number at NaN too.
        v = jnp.where(jnp.isfinite(losses).all() & jnp.isfinite(norms).all(), v, jnp.nan)
        return weights.astype(given), GradNormState(v, memory, first, jnp.array(True))

    return Weighting(lambda: GradNormState(ones, learner.init(ones), ones, jnp.array(False)), update)
