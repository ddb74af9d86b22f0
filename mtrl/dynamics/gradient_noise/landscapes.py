"""Scalar landscapes on which the effect of gradient noise is known: nothing, a saddle, a basin, a product of scalars.

Every run is an entry (or a row) of one array, as noise is independent between entries.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Bool, Float

from mtrl.descent.noise import GAMMA, annealed_noise
from mtrl.numerics.checks import check_positive, check_whole
from mtrl.numerics.types import PRNGKey, Scalar

Slope = Callable[[Any], Any]


def flat(y: Array) -> Array:
    """Gradient of nothing: noise alone moves."""
    return jnp.zeros_like(y)


def saddle(curvature: Scalar) -> Slope:
    """Gradient of `-l y^2 / 2`."""
    return lambda y: -jnp.asarray(curvature, y.dtype) * y


def basin(curvature: Scalar) -> Slope:
    """Gradient of `h y^2 / 2`."""
    return lambda y: jnp.asarray(curvature, y.dtype) * y


def product_loss(w: Float[Array, "*run depth"]) -> Float[Array, "*run"]:
    """`(w_1 ... w_L - 1)^2 / 2`."""
    return (jnp.prod(w, axis=-1) - 1) ** 2 / 2


def descend(
    key: PRNGKey,
    slope: Slope,
    start: Float[Array, "*run"],
    *,
    lr: Scalar,
    eta: Scalar,
    gamma: Scalar = GAMMA,
    steps: int,
    record: Callable[[Any], Any] = lambda y: y,
) -> tuple[Any, Any]:
    """Gradient descent with annealed noise.

    Args:
      key: PRNG key.
      slope: gradient of the landscape, entry by entry or row by row.
      start: where the runs begin.
      lr, eta, gamma: of the rule.
      steps: their number.
      record: kept of the runs after every step.

    Returns:
      (runs after the last step, records with a leading step axis).

    Raises:
      BadInput: lr not above 0, no steps; see `annealed_noise` too.
    """
    check_positive(lr=lr)
    check_whole(steps=steps)
    rule = optax.chain(annealed_noise(key, eta=eta, gamma=gamma), optax.sgd(jnp.asarray(lr, start.dtype)))

    def step(carry, _):
        y, memory = carry
        move, memory = rule.update(slope(y), memory)
        y = optax.apply_updates(y, move)
        return (y, memory), record(y)

    (y, _), kept = jax.lax.scan(step, (start, rule.init(start)), length=steps)
    return y, kept


class Escapes(NamedTuple):
    """When runs left the saddle."""

    step: Float[Array, " run"]  # updates until the exit; infinite if there was none
    escaped: Bool[Array, " run"]


def saddle_escapes(
    key: PRNGKey,
    *,
    curvature: Scalar,
    lr: Scalar,
    eta: Scalar,
    gamma: Scalar = GAMMA,
    bound: float = 1.0,
    steps: int = 400,
    runs: int = 20_000,
) -> Escapes:
    """Runs from the exact saddle until |y| exceeds the bound.

    Raises:
      BadInput: bound not above 0, no runs; see `descend` too.
    """
    check_positive(bound=bound)
    check_whole(runs=runs)
    check_positive(lr=lr)
    rule = optax.chain(annealed_noise(key, eta=eta, gamma=gamma), optax.sgd(jnp.asarray(lr, float)))

    def step(carry, t):
        y, memory, left = carry
        move, memory = rule.update(jnp.where(jnp.isfinite(left), 0.0, saddle(curvature)(y)), memory)
        y: Any = optax.apply_updates(y, move)
        left = jnp.where(jnp.isinf(left) & (jnp.abs(y) > bound), t + 1.0, left)
        return (y, memory, left), None

    y = jnp.zeros(runs)
    (_, _, left), _ = jax.lax.scan(step, (y, rule.init(y), jnp.full(runs, jnp.inf)), jnp.arange(steps).astype(float))
    return Escapes(left, jnp.isfinite(left))


def solved_products(
    key: PRNGKey,
    *,
    depth: Scalar,
    lr: Scalar,
    eta: Scalar,
    gamma: Scalar = GAMMA,
    most: int = 6,
    steps: int = 4000,
    runs: int = 200,
    tolerance: float = 0.05,
) -> Bool[Array, " run"]:
    """Whether the product of `depth` scalars, all started at 0, has come within the tolerance of its target 1 in loss.

    Args:
      key: PRNG key.
      depth: L, at most `most`; may be traced.
      lr, eta, gamma: of the rule.
      most: scalars carried, those beyond the depth standing at 1.
      steps, runs: their numbers.
      tolerance: loss below which a run has solved it.

    Raises:
      BadInput: depth or runs below 1, tolerance not above 0; see `descend` too.
    """
    check_whole(runs=runs)
    check_whole(depth=depth, upper=most)
    check_positive(tolerance=tolerance, hint="it is a loss")

    def factors(w):
        return jnp.where(jnp.arange(most) < depth, w, 1.0)

    def slope(w):
        return jax.grad(lambda w: jnp.sum(product_loss(factors(w))))(w)

    w, _ = descend(key, slope, jnp.zeros((runs, most)), lr=lr, eta=eta, gamma=gamma, steps=steps, record=lambda w: None)
    return product_loss(factors(w)) < tolerance
