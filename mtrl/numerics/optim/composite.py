"""Accelerated proximal gradient descent on `quadratic + penalty`, with a step that needs no eigenvalue and stops at a duality gap.

FISTA (Beck and Teboulle 2009, SIAM J. Imaging Sciences 2) with the restart of O'Donoghue and Candes 2015 (Foundations of Computational
Mathematics 15). The gradient of a quadratic is affine, so the one at the momentum point is a combination of two known ones, an iteration
takes a single gradient, and that gradient also serves the gap and the test of the step: Beck and Teboulle's descent inequality, here
`<move, H move> <= L ||move||^2`. A step that fails it is taken back and L doubled, up to `largest`, which bounds every eigenvalue; so any
guess of L is safe, and one below the largest eigenvalue that passes makes longer steps.
"""

import functools
from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from mtrl.numerics.types import Scalar

Blocks = tuple[Float[Array, "dim task"], ...]


class Composite(NamedTuple):
    """Point reached, with the gap that stopped the search."""

    point: Blocks
    slope: Float[Array, "dim task"]  # gradient of the quadratic at the sum of the blocks
    gap: Float[Array, ""]  # NaN: the data are not finite, and neither is the point
    steps: Int[Array, ""]  # iterations taken


def total(blocks: Blocks) -> Float[Array, "dim task"]:
    """The sum of the blocks."""
    return functools.reduce(jnp.add, blocks)


def _dot(left: Blocks, right: Blocks) -> Float[Array, ""]:
    return functools.reduce(jnp.add, [jnp.sum(a * b) for a, b in zip(left, right, strict=True)])


def minimise_composite(
    gradient: Callable[[Float[Array, "dim task"]], Float[Array, "dim task"]],
    prox: Callable[[Blocks, Scalar], Blocks],
    gap: Callable[[Blocks, Float[Array, "dim task"]], Float[Array, ""]],
    start: Blocks,
    slope: Float[Array, "dim task"],
    *,
    goal: Scalar,
    guess: Scalar,
    largest: Scalar,
    iterations: Scalar,
    block: int = 10,
) -> Composite:
    """Minimise `quadratic(sum of blocks) + penalty(blocks)`.

    Args:
      gradient: of the quadratic, an affine map.
      prox: `prox(blocks, step)`, the proximal map of step times the penalty.
      gap: `gap(blocks, gradient at their sum)`, an upper bound on the suboptimality.
      start: initial blocks.
      slope: the gradient at their sum.
      goal: gap at which to stop, looked at before the first and after every `block` iterations.
      guess: of the largest eigenvalue of the quadratic.
      largest: an upper bound on it.
      iterations: at most, rounded up to whole blocks; may be traced.
      block: iterations between two looks at the gap (static).

    Returns:
      `Composite`.
    """
    many = len(
        start
    )  # the gradient in every block is that at the sum, and its Lipschitz constant that times their number
    dtype = slope.dtype
    largest = jnp.where(jnp.asarray(largest) > 0, largest, 1).astype(dtype)  # a zero gradient map needs no step
    first = jnp.where(jnp.asarray(guess) > 0, jnp.minimum(guess, largest), largest).astype(dtype)
    noise = 10 * float(jnp.finfo(dtype).eps)

    def body(_, carry):
        point, at_point, ahead, at_ahead, clock, bound = carry
        step = 1 / (many * bound)
        new = prox(tuple(part - step * at_ahead for part in ahead), step)
        at_new = gradient(total(new))
        move = tuple(a - b for a, b in zip(new, ahead, strict=True))
        length, path = _dot(move, move), total(move)
        bend = jnp.sum(path * (at_new - at_ahead))
        rounding = noise * jnp.sqrt(length * jnp.sum(at_new**2))
        passed = (bend <= many * bound * length + rounding) | (bound >= largest)
        # Restart when the momentum points uphill: <ahead - new, new - point> > 0.
        advance = tuple(a - b for a, b in zip(new, point, strict=True))
        uphill = _dot(move, advance) < 0
        clock_now = jnp.where(uphill, 1, clock).astype(dtype)
        later = (1 + jnp.sqrt(1 + 4 * clock_now**2)) / 2
        weight = jnp.where(uphill, 0, (clock - 1) / later).astype(dtype)
        next_ahead = tuple(a + weight * b for a, b in zip(new, advance, strict=True))
        taken = (new, at_new, next_ahead, at_new + weight * (at_new - at_point), later, bound)
        back = (point, at_point, ahead, at_ahead, clock, jnp.minimum(2 * bound, largest))
        return jax.tree.map(lambda a, b: jnp.where(passed, a, b), taken, back)

    def blocks(carry):
        state, _, steps = carry
        state = jax.lax.fori_loop(0, block, body, state)
        return state, gap(state[0], state[1]), steps + block

    state = (start, slope, start, slope, jnp.ones((), dtype), first)
    state, reached, steps = jax.lax.while_loop(
        lambda carry: (carry[1] > goal) & (carry[2] < iterations),
        blocks,
        (state, gap(start, slope), jnp.zeros((), int)),
    )
    point, slope = jax.tree.map(lambda x: jnp.where(jnp.isnan(reached), jnp.nan, x), state[:2])
    return Composite(point, slope, reached, steps)
