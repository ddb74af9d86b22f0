"""Samples of the theory's measure of one task, `exp(-beta data loss) dm` on [-1, 1]^N, by Hamiltonian moves of the fields.

| symbol | name | shape |
| --- | --- | --- |
| theta with m = tanh(theta), so that dm = prod (1 - m_i^2) d theta | `Chain.theta` | (dim,) |
| U = beta (- sum ln H(-u_mu)) + 2 sum ln cosh theta_i, minus the log-density of theta | `potential` | () |
| length of a leapfrog step, momenta of unit mass | `Chain.stride` | () |

While it warms up, the inverse temperature rises from 0 to beta in equal steps and the stride follows the accepted share; after that both
stay, and the chain leaves the measure invariant.

Source: the measure is that of Li et al., Physical Review E 108, 014309 (2023), section III; moves by Duane, Kennedy, Pendleton and Roweth,
Physics Letters B 195, 216 (1987).
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from mtrl.continual.objective import FLOOR, data_gradient, data_loss, log_cosh
from mtrl.continual.problem import Examples
from mtrl.numerics.algorithm import Iteration
from mtrl.numerics.checks import check_positive, check_share, check_whole
from mtrl.numerics.keys import split_named
from mtrl.numerics.types import PRNGKey, Scalar


class Chain(NamedTuple):
    """State."""

    theta: Float[Array, " dim"]
    stride: Float[Array, ""]
    moves: Int[Array, ""]  # made so far


class Move(NamedTuple):
    """Of a move."""

    loss: Float[Array, ""]  # - sum_mu ln H(-u_mu) after it
    accepted: Bool[Array, ""]


def gibbs(
    *,
    beta: Scalar,
    warm_up: Scalar,
    leaps: int = 15,
    stride: Scalar = 0.05,
    target: Scalar = 0.8,
    start: Float[Array, " dim"] | None = None,
    floor: float = FLOOR,
) -> Iteration:
    """A chain at inverse temperature beta.

    Args:
      beta: inverse temperature of the measure.
      warm_up: moves during which it is reached.
      leaps: leapfrog steps of a move, each of a length drawn within 30 % of the stride.
      stride: first one.
      target: share of moves that the stride makes acceptable while the chain warms up.
      start: first fields; drawn from N(0, 1) when None.
      floor: least V.

    Raises:
      BadInput: beta, warm_up, stride or floor not above 0, target outside (0, 1), leaps not a whole number above 0.
    """
    check_positive(beta=beta, warm_up=warm_up, stride=stride, floor=floor)
    check_share(target=target)
    check_whole(leaps=leaps)

    def potential(theta, task, heat):
        return heat * data_loss(jnp.tanh(theta), task, floor) + 2 * jnp.sum(log_cosh(theta))

    def init(key: PRNGKey, task: Examples) -> Chain:
        theta = jax.random.normal(key, task.x.shape[1:], task.x.dtype) if start is None else start
        return Chain(theta, jnp.asarray(stride, theta.dtype), jnp.zeros((), int))

    def step(key: PRNGKey, state: Chain, task: Examples) -> tuple[Chain, Move]:
        theta, dtype = state.theta, state.theta.dtype
        keys = split_named(key, "momentum", "length", "accept")
        warm = (state.moves + 1).astype(dtype) / warm_up
        heat = (beta * jnp.minimum(warm, 1.0)).astype(dtype)
        length = state.stride * jax.random.uniform(keys["length"], (), dtype, 0.7, 1.3)
        momentum = jax.random.normal(keys["momentum"], theta.shape, dtype)

        def slope(theta):
            return heat * data_gradient(theta, task, floor=floor) + 2 * jnp.tanh(theta)

        def leap(_, at):
            place, speed, force = at
            speed = speed - length / 2 * force
            place = place + length * speed
            force = slope(place)
            return place, speed - length / 2 * force, force

        place, speed, _ = jax.lax.fori_loop(0, leaps, leap, (theta, momentum, slope(theta)))
        now = potential(theta, task, heat)
        change = potential(place, task, heat) - now + (jnp.sum(speed**2) - jnp.sum(momentum**2)) / 2
        chance = jnp.nan_to_num(jnp.exp(-jnp.maximum(change, 0.0)), nan=0.0)  # a diverged move is refused
        accepted = jax.random.uniform(keys["accept"], (), dtype) < chance
        follows = jnp.where(warm < 1, jnp.exp((chance - target) / 20), 1.0)
        new = jnp.where(jnp.isnan(now), jnp.nan, jnp.where(accepted, place, theta))
        chain = Chain(new, (state.stride * follows).astype(dtype), state.moves + 1)
        return chain, Move(data_loss(jnp.tanh(new), task, floor), accepted)

    return Iteration(init, step)
