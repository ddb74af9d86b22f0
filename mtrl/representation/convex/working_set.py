"""Penalties that are sums over rows of W, solved on the few rows that may differ from zero: a working set under fixed shapes.

At the minimiser a row whose gradient has a dual norm below its weight is zero. Each round takes the rows that are not zero and those of
largest dual norm (Celer: Massias, Gramfort, Salmon 2018; skglm: Bertrand et al. 2022), solves their problem, mostly on a Gram matrix of
their own, and looks at the duality gap of the whole, which takes one gradient of all rows. The rows are copied to a buffer of one of the
sizes 32, 64, 128, 512, ..., dim, the least that holds all that differ from zero and as many again; each size is a branch of one program,
and a second of compiling.

The gap is that of the whole problem: whether a row was wrongly left out is never assumed, it shows in the gap.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax.custom_batching import sequential_vmap
from jaxtyping import Array

from mtrl.numerics.types import Scalar
from mtrl.representation.convex.quadratic import DataTerm, gradient_at, image, restrict
from mtrl.representation.convex.solver import (
    Penalty,
    Start,
    Weights,
    begin,
    certified,
    fit_norm,
    goal,
    minimise,
    relative_gap,
)

SMALLEST = 32  # rows in the smallest buffer
INNER = 0.3  # share of the gap asked for that the problem of a working set is solved to


def buffers(dim: int) -> tuple[int, ...]:
    """Sizes, doubling to 128 and fourfold from there, `dim` at the end; `dim` alone where a working set would not pay."""
    sizes, size = [], SMALLEST
    while 2 * SMALLEST <= dim and 3 * size <= 2 * dim:
        sizes.append(size)
        size *= 2 if size < 128 else 4
    return (*sizes, dim)


def fit_rows(
    term: DataTerm,
    family: Callable[[Scalar], Penalty],
    lam: Scalar,
    *,
    start: Start = None,
    iterations: int = 5000,
    gap: Scalar = 1e-8,
) -> Weights:
    """Minimise `l(W) + family(lam)(W)`: what the methods hand their `**search` to.

    Args:
      term: data term.
      family: makes the penalty of a weight, with `of_rows` (static).
      lam: weight.
      start: weights, or the result of a fit on the same data, whose gradient then need not be taken again; None for zero.
      iterations: of all working sets together, at most (static).
      gap: relative duality gap to reach.
    """
    dim = term.means.cross.shape[1]
    sizes = buffers(dim)
    if len(sizes) == 1:
        return fit_norm(term, family(lam), start=start, iterations=iterations, gap=gap)

    # Lanes of a batch go in turn: one batched branch would be all of them.
    @sequential_vmap
    def search(term: DataTerm, lam: Array, weights: Array, slope: Array, wanted: Array) -> tuple[Array, Array, Array]:
        penalty = family(lam)
        scores = penalty.of_rows
        assert scores is not None

        def solve_on(size: int) -> Callable[..., Any]:
            def branch(order, weights, slope, left):
                if size == dim:
                    found = minimise(term, penalty, (weights,), slope, iterations=left, gap=wanted)
                    return found.point[0], image(term, found.point[0]), found.steps
                index = jax.lax.top_k(order, size)[1]
                part, own = restrict(term, index), (weights[index],)
                found = minimise(part, penalty, own, slope[index], iterations=left, gap=INNER * wanted)
                return (
                    jnp.zeros_like(weights).at[index].set(found.point[0]),
                    image(term, found.point[0], index),
                    found.steps,
                )

            return branch

        def round_(carry):
            weights, slope, _, steps = carry
            alive, pull = jnp.any(weights != 0, axis=1), scores(slope)
            count = jnp.sum(alive)
            new = jnp.minimum(jnp.sum(~alive & (pull > 1)), jnp.maximum(count, SMALLEST // 2))
            level = jnp.sum(count + new > jnp.asarray(sizes[:-1]))
            order = jnp.where(alive, jnp.inf, pull)
            weights, half, more = jax.lax.switch(
                level, [solve_on(size) for size in sizes], order, weights, slope, iterations - steps
            )
            slope = gradient_at(term, half, weights)
            return weights, slope, relative_gap(term, penalty, weights, slope=slope), steps + more

        first = (weights, slope, relative_gap(term, penalty, weights, slope=slope), jnp.zeros((), int))
        weights, slope, reached, _ = jax.lax.while_loop(
            lambda carry: (carry[2] > wanted) & (carry[3] < iterations), round_, first
        )
        return jnp.where(jnp.isnan(reached), jnp.nan, weights), slope, reached

    weights, slope = begin(term, start)
    weights, slope, reached = search(term, jnp.asarray(lam, weights.dtype), weights, slope, goal(gap, weights.dtype))
    return certified(weights, reached, gap, slope)
