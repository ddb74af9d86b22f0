"""Fixed points x = f(x) of vectors, differentiated through the implicit function theorem, never through the iterations."""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from mtrl.numerics.errors import BadInput


class FixedPoint(NamedTuple):
    """The solution and how it was reached."""

    value: Float[Array, " size"]
    converged: Bool[Array, ""]  # the last relative change is at most the tolerance
    iterations: Int[Array, ""]
    residual: Float[Array, ""]  # last change, relative, largest entry


def default_tolerance(dtype) -> float:
    """1e-12 in double precision, eight rounding units otherwise."""
    return max(1e-12, 8 * float(jnp.finfo(dtype).eps))


def fixed_point(
    f: Callable[[Float[Array, " size"]], Float[Array, " size"]],
    start: Float[Array, " size"],
    *,
    step: Callable[[Float[Array, " size"]], Float[Array, " size"]] | None = None,
    tolerance: float | None = None,
    max_iterations: int = 2000,
) -> FixedPoint:
    """Iterate until the relative change is below `tolerance`, or `max_iterations`; differentiable to any order.

    `f` may close over traced values: derivatives with respect to them are those of the solution, by one dense `size x size` solve with
    `I - df/dx` (`jax.lax.custom_root`), so they cost no memory per iteration and do not depend on the number of iterations. The start
    carries no derivative.

    Args:
      f: the map whose fixed point is wanted.
      start: (size,) first iterate.
      step: a faster iteration with the same fixed point, for instance a Newton step; `f` itself when None.
      tolerance: relative change per entry at which to stop; `default_tolerance` of the dtype when None.
      max_iterations: cap; a lane which reaches it, or meets a NaN, has `converged` False and keeps its last iterate.

    Returns:
      FixedPoint; `iterations`, `residual` and `converged` carry no derivative.
    """
    advance = f if step is None else step
    limit = default_tolerance(start.dtype) if tolerance is None else tolerance
    tiny = jnp.finfo(start.dtype).tiny

    def solve(_, x0):
        def go_on(carry):
            _, change, i = carry
            return (change > limit) & (i < max_iterations)

        def once(carry):
            x, _, i = carry
            new = advance(x)
            return new, jnp.max(jnp.abs(new - x) / (jnp.abs(new) + tiny)), i + 1

        first = (x0, jnp.asarray(jnp.inf, x0.dtype), jnp.asarray(0, jnp.int32))
        x, change, i = jax.lax.while_loop(go_on, once, first)
        return x, (i.astype(x.dtype), change)  # custom_root wants floating auxiliaries

    def tangent_solve(linear, y):
        return jnp.linalg.solve(jax.jacfwd(linear)(jnp.zeros_like(y)), y)

    start = jax.lax.stop_gradient(start)
    value, (i, change) = jax.lax.custom_root(lambda x: x - f(x), start, solve, tangent_solve, has_aux=True)
    change = jax.lax.stop_gradient(change)
    return FixedPoint(value, change <= limit, i.astype(jnp.int32), change)


def check_converged(result: FixedPoint, what: str) -> None:
    """Host-side check of a FixedPoint, possibly batched.

    Raises:
      BadInput: some lane did not converge; the sentence gives the last relative change and `what` describes the problem.
    """
    if not bool(jnp.all(result.converged)):
        worst = float(jnp.max(jnp.where(result.converged, 0.0, result.residual)))
        raise BadInput(
            f"the fixed point did not converge within {int(jnp.max(result.iterations))} iterations at {what}: last relative change "
            f"{worst:.3g}; allow more iterations or a looser tolerance"
        )
