"""FS-MTL: task-based flat regions around any aggregator (Phan et al., arXiv 2211.13723; ICCV 2025).

Per task i, with gradients g_sh, g_ns at (theta_sh, theta_ns^i): the worst point nearby is eps_sh = rho_sh g_sh / |g_sh| and
eps_ns = rho_ns g_ns / |g_ns| away; the sharpness-aware gradient is taken there on the same batch. Its flat part f_i = g_sh^SAM - g_sh is
aggregated apart from the loss part, d_sh = agg({g_sh^i}) + agg({f_i}), and every head follows its own sharpness-aware gradient. Costs 2 T
backward passes. For a linear aggregator the sum is plain sharpness-aware minimisation of every task; `decomposed=False` is the ablation
that aggregates {g_sh^SAM} directly.

Symbols: rho_sh, rho_ns -> rho_shared, rho_own, lengths in the parameters' unit. The paper's radii were not found: sweep 0.01 to 0.5.
"""

from typing import Any

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float

from mtrl.numerics.checks import check_nonnegative
from mtrl.numerics.types import Scalar
from mtrl.optimization.shared import Rule, Weights, agreement, per_task


def ascent(gradient: Any, rho: Scalar) -> Any:
    """rho g / |g|, 0 where the gradient vanishes."""
    square = sum(jnp.sum(leaf**2) for leaf in jax.tree.leaves(gradient))
    norm = jnp.sqrt(jnp.where(square > 0, square, 1.0))
    return jax.tree.map(lambda leaf: jnp.asarray(rho, leaf.dtype) * leaf / norm, gradient)


def sharp_gradients(losses: Any, weights: Weights, rho_shared: Scalar, rho_own: Scalar) -> tuple[Any, Any, Any, Any]:
    """(losses, rows at theta, rows at each task's own worst point, all head gradients there) of `losses: (shared, heads) -> (task,)`."""
    values, rows = per_task(lambda shared: losses(shared, weights.heads), weights.shared)
    own = jax.grad(lambda heads: jnp.sum(losses(weights.shared, heads)))(weights.heads)
    # No head enters another task's loss: all may move at once, each by the radius of its own.
    heads = type(weights.heads)(
        jax.tree.map(jnp.add, head, ascent(slope, rho_own)) for head, slope in zip(weights.heads, own, strict=True)
    )

    def at(task, row):
        moved = Weights(jax.tree.map(jnp.add, weights.shared, ascent(row, rho_shared)), heads)
        return jax.grad(lambda w: losses(w.shared, w.heads)[task])(moved)

    sharp = jax.vmap(at)(jnp.arange(values.shape[0]), rows)
    return values, rows, sharp.shared, jax.tree.map(lambda leaf: jnp.sum(leaf, axis=0), sharp.heads)


def fs_mtl(
    aggregator: optax.GradientTransformationExtraArgs,
    *,
    rho_shared: Scalar = 0.05,
    rho_own: Scalar = 0.05,
    decomposed: Any = True,
) -> Rule:
    """The aggregator with flat regions sought, as a rule of `mtrl.optimization.shared`.

    Args:
      aggregator: used twice, with a state for each part.
      rho_shared, rho_own: radii; 0 gives the plain rule.
      decomposed: loss part and flat part aggregated apart; False aggregates the sharpness-aware gradients directly. May be
        traced. The aggregator must give no direction for gradients that vanish.

    Raises:
      BadInput: a radius below 0.
    """
    check_nonnegative(rho_shared=rho_shared, rho_own=rho_own, hint="0.01 to 0.5 are usual")

    def init(weights):
        return aggregator.init(weights.shared), aggregator.init(weights.shared)

    def update(key, state, split, weights, **extra):
        losses, rows, sharp, own = sharp_gradients(split.losses, weights, rho_shared, rho_own)
        more = dict(losses=losses, key=key, **extra)
        part = jnp.asarray(decomposed, losses.dtype)  # 1 or 0
        flat = jax.tree.map(lambda at, here: part.astype(here.dtype) * (at - here), sharp, rows)
        loss_part, first = aggregator.update(jax.tree.map(jnp.subtract, sharp, flat), state[0], weights.shared, **more)
        flat_part, second = aggregator.update(flat, state[1], weights.shared, **more)
        shared = jax.tree.map(jnp.add, loss_part, flat_part)
        return Weights(shared, own), (first, second), agreement(losses, rows)

    return Rule(init, update)


def worst_losses(losses: Any, weights: Weights, radius: Scalar) -> Any:
    """Every task's loss at the point `radius` away along its own gradient (shared part and head together): its sharpness."""

    def at(task):
        def loss(w):
            return losses(w.shared, w.heads)[task]

        return loss(jax.tree.map(jnp.add, weights, ascent(jax.grad(loss)(weights), radius)))

    values = losses(weights.shared, weights.heads)
    return jax.vmap(at)(jnp.arange(values.shape[0]))


def mean_rise(losses: Any, weights: Weights, radii: Float[Array, " radius"]) -> Float[Array, " radius"]:
    """Mean over the tasks of how far their losses rise to the worst point at each distance (to first order): small where they are flat."""

    def at(radius):
        return jnp.mean(worst_losses(losses, weights, radius) - losses(weights.shared, weights.heads))

    return jax.lax.map(at, radii)
