"""The path of a descent on a small problem, thinned on the way: what landscapes and Pareto pictures are drawn from."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float

from mtrl import nn
from mtrl.numerics.checks import check_whole
from mtrl.numerics.errors import BadInput
from mtrl.numerics.types import Scalar


class Path(NamedTuple):
    """Points kept, the start included."""

    x: Float[Array, "point dim"]
    losses: Float[Array, "point task"]
    condition: Float[Array, " point"]  # sigma_max / sigma_min of the Jacobian, infinite where its rank is below T


def condition_number(rows: Float[Array, "task dim"]) -> Float[Array, ""]:
    """sigma_max / sigma_min of a Jacobian, of its singular values themselves (a Gramian would halve the digits)."""
    singular = jnp.linalg.svd(rows, compute_uv=False)
    return jnp.where(singular[-1] > 0, singular[0] / jnp.where(singular[-1] > 0, singular[-1], 1.0), jnp.inf)


def descend(
    optimiser: optax.GradientTransformationExtraArgs,
    losses: Callable[[Any], Any],
    start: Float[Array, " dim"],
    *,
    steps: int,
    keep: int,
    key: Any = None,
) -> Path:
    """`steps` updates by `optimiser`, e.g. `optax.chain(aligned_mtl(), optax.adam(1e-3))`, keeping every `keep`-th point.

    Args:
      optimiser: takes the Jacobian (task, dim), gives a step (dim,).
      losses: x -> (task,).
      start: x_0.
      steps, keep: `keep` divides `steps`.
      key: for aggregators that draw.

    Raises:
      BadInput: `keep` does not divide `steps`.
    """
    check_whole(steps=steps, keep=keep)
    if steps % keep:
        raise BadInput(f"keep got {keep}, but must divide the {steps} steps; take 1 or another divisor")
    luck = jax.random.key(0) if key is None else key

    def step(carry, i):
        x, state = carry
        rows = jax.jacrev(losses)(x)
        change, state = optimiser.update(rows, state, x, losses=losses(x), key=jax.random.fold_in(luck, i))
        return (optax.apply_updates(x, change), state), None

    def stretch(carry, first):
        carry, _ = jax.lax.scan(step, carry, first + jnp.arange(keep))
        return carry, carry[0]

    begin = (start, optimiser.init(start))
    _, kept = jax.lax.scan(stretch, begin, jnp.arange(0, steps, keep))
    points: Any = kept
    x = jnp.concatenate([start[None], points])
    return Path(x, jax.vmap(losses)(x), jax.vmap(lambda at: condition_number(jax.jacrev(losses)(at)))(x))


def chained(aggregator: optax.GradientTransformationExtraArgs, optimiser: optax.GradientTransformation) -> Any:
    """`optax.chain` of both, which a study may name without importing Optax."""
    return optax.chain(aggregator, optimiser)


def falling_adam(rate: Scalar, steps: int) -> Any:
    """Adam whose learning rate falls geometrically to a thousandth of `rate` over `steps`: it settles where plain Adam circles."""
    slower = optax.scale_by_schedule(lambda count: jnp.exp(-jnp.log(1e3) * jnp.asarray(count, float) / steps))
    return optax.chain(nn.adam(rate), slower)
