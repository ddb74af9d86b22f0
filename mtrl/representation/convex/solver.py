"""Minimise `l(W) + penalty(W)` to a duality gap: the one loop and the one certificate of all convex methods.

FISTA (`mtrl.numerics.optim.composite`) stops once the duality gap is at most `gap` times the objective at W = 0. The dual point is a
multiple s of the residuals, whose dual value is a function of the moments again,

    sum_t [s y_t^T res_t - s^2 ||res_t||^2 / 2] / n_t - s^2 conjugate(gradient),   s * dual_norm(gradient) <= 1,

for a norm (conjugate 0 on the unit ball of the dual norm) as for a squared norm (no constraint, a quadratic conjugate); s is the best one.
A penalty of two blocks, W = P + Q with `penalty = a(P) + b(Q)`, is a norm of W too: its dual norm is the larger of the two.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from mtrl.numerics.optim.composite import Blocks, Composite, minimise_composite, total
from mtrl.numerics.types import Scalar
from mtrl.representation.convex.quadratic import DataTerm, gradient, largest_eigenvalue, task_errors, value_at_zero


class Penalty(NamedTuple):
    """A convex penalty as the solver and its certificate see it; `blocks` sum to W."""

    value: Callable[..., Float[Array, ""]]  # value(*blocks)
    prox: Callable[[Blocks, Scalar], Blocks]  # proximal map of step times the penalty
    dual_norm: Callable[[Array], Float[Array, ""]] = lambda slope: jnp.zeros((), slope.dtype)  # at most 1: feasible
    conjugate: Callable[[Array], Float[Array, ""]] = lambda slope: jnp.zeros((), slope.dtype)  # homogeneous of degree 2
    of_rows: Callable[[Array], Float[Array, " dim"]] | None = None  # dual norm of every row alone: a sum over rows


class Weights(NamedTuple):
    """Fitted weights and their certificate."""

    weights: Float[Array, "dim task"]  # W
    gap: Float[Array, ""]  # upper bound on (objective - minimum) over the objective at W = 0
    converged: Bool[Array, ""]  # the gap asked for was reached; False on NaN
    slope: Float[Array, "dim task"]  # gradient of l at W, which a fit at a nearby weight can start from


class Decomposition(NamedTuple):
    """Fitted weights of a sum of two structures, and their certificate."""

    weights: Float[Array, "dim task"]  # W = P + Q
    shared: Float[Array, "dim task"]  # P
    own: Float[Array, "dim task"]  # Q
    gap: Float[Array, ""]
    converged: Bool[Array, ""]


def relative_gap(
    term: DataTerm,
    penalty: Penalty,
    *blocks: Float[Array, "dim task"],
    slope: Float[Array, "dim task"] | None = None,
) -> Float[Array, ""]:
    """Duality gap over the objective at W = 0: an upper bound on the relative suboptimality of W = the sum of the blocks.

    Args:
      term: data term.
      penalty: of as many blocks.
      *blocks: which sum to W.
      slope: gradient of l at W, where it is known.
    """
    weights = total(blocks)
    slope = gradient(term, weights) if slope is None else slope
    fit = jnp.sum(task_errors(term, weights, slope))
    alignment = jnp.sum(term.means.square) - jnp.sum(term.means.cross.T * weights)
    steepness = fit + 2 * penalty.conjugate(slope)
    best = alignment / jnp.where(steepness > 0, steepness, 1)
    limit = penalty.dual_norm(slope)
    scale = jnp.where(best * limit > 1, 1 / jnp.where(limit > 0, limit, 1), best)
    return (fit / 2 + penalty.value(*blocks) - scale * (alignment - scale * steepness / 2)) / value_at_zero(term)


def goal(gap: Scalar, dtype: jnp.dtype) -> Scalar:
    """The gap that can be asked for: `gap`, or 100 machine epsilons where that is more."""
    return jnp.maximum(jnp.asarray(gap, dtype), 100 * float(jnp.finfo(dtype).eps))


def certified(
    weights: Float[Array, "dim task"], reached: Float[Array, ""], gap: Scalar, slope: Float[Array, "dim task"]
) -> Weights:
    """`Weights` of a relative gap that was reached."""
    return Weights(weights, reached, reached <= goal(gap, weights.dtype), slope)


def minimise(
    term: DataTerm,
    penalty: Penalty,
    start: Blocks,
    slope: Float[Array, "dim task"],
    *,
    iterations: Scalar,
    gap: Scalar,
) -> Composite:
    """The blocks, the gradient at their sum, and the relative gap.

    Args:
      term: data term.
      penalty: of as many blocks as `start` has.
      start: where to start; the solution at a nearby weight shortens the way.
      slope: gradient of l at their sum.
      iterations: at most; may be traced.
      gap: relative duality gap at which to stop, looked at every ten iterations.
    """
    guess, largest = largest_eigenvalue(term)
    return minimise_composite(
        lambda weights: gradient(term, weights),
        penalty.prox,
        lambda blocks, slope: relative_gap(term, penalty, *blocks, slope=slope),
        start,
        slope,
        goal=goal(gap, slope.dtype),
        guess=guess,
        largest=largest,
        iterations=iterations,
    )


Start = Float[Array, "dim task"] | Weights | None


def begin(term: DataTerm, start: Start) -> tuple[Float[Array, "dim task"], Float[Array, "dim task"]]:
    """Weights and the gradient of l there, which is known at zero and for the result of a fit on the same data."""
    if isinstance(start, Weights):
        return start.weights, start.slope
    return (0 * term.means.cross.T, -term.means.cross.T) if start is None else (start, gradient(term, start))


def fit_norm(
    term: DataTerm, penalty: Penalty, *, start: Start = None, iterations: int = 5000, gap: Scalar = 1e-8
) -> Weights:
    """One block, from `start` or zero: what the methods hand their `**search` to."""
    weights, slope = begin(term, start)
    found = minimise(term, penalty, (weights,), slope, iterations=iterations, gap=gap)
    return certified(found.point[0], found.gap, gap, found.slope)


def fit_sum(
    term: DataTerm,
    shared: Penalty,
    own: Penalty,
    *,
    start: Blocks | None = None,
    iterations: int = 5000,
    gap: Scalar = 1e-8,
) -> Decomposition:
    """W = P + Q with a norm for each, from `start` = (P, Q) or zero: what the methods hand their `**search` to."""
    both = Penalty(
        lambda p, q: shared.value(p) + own.value(q),
        lambda blocks, step: shared.prox(blocks[:1], step) + own.prox(blocks[1:], step),
        lambda slope: jnp.maximum(shared.dual_norm(slope), own.dual_norm(slope)),
    )
    zero = jnp.zeros_like(term.means.cross.T)
    first = (zero, zero) if start is None else start
    found = minimise(term, both, first, gradient(term, total(first)), iterations=iterations, gap=gap)
    (p, q), reached = found.point, found.gap
    return Decomposition(p + q, p, q, reached, reached <= goal(gap, p.dtype))
