"""Fixed points x = f(x) of vectors, differentiated through the implicit function theorem, never through the iterations."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from mtrl.numerics.errors import BadInput
from mtrl.numerics.linalg import elimination


class FixedPoint(NamedTuple):
    """The solution and how it was reached."""

    value: Float[Array, " size"]
    converged: Bool[Array, ""]  # the relative change fell to the tolerance, or to the rounding of one step
    iterations: Int[Array, ""]
    residual: Float[Array, ""]  # smallest relative change reached, largest entry: the accuracy


STALLED = 3  # steps without a smaller change after which rounding is taken to be all that moves the iterate


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
    """Iterate until the relative change is below `tolerance` or stays at the rounding of one step; differentiable to any order.

    `f` may close over traced values: derivatives with respect to them are those of the solution, by one dense `size x size` solve with
    `I - df/dx` (`jax.lax.custom_root`), so they cost no memory per iteration and do not depend on the number of iterations. The start
    carries no derivative.

    Where the arithmetic of `f` loses digits the tolerance lies below what can be reached: an iterate whose change is small (the cube root
    of the rounding unit) and has not become smaller for `STALLED` steps moves by rounding alone, and more of them would not help. It has
    converged if half of the digits are left, and `residual` says how many.

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
    tiny, eps = jnp.finfo(start.dtype).tiny, float(jnp.finfo(start.dtype).eps)

    def solve(_, x0):
        def go_on(carry):
            _, change, smallest, stalled, i = carry
            return (change > limit) & ((stalled < STALLED) | (smallest > eps ** (1 / 3))) & (i < max_iterations)

        def once(carry):
            x, _, smallest, stalled, i = carry
            new = advance(x)
            change = jnp.max(jnp.abs(new - x) / (jnp.abs(new) + tiny))
            # NaN is never smaller, and ends the loop
            return new, change, jnp.minimum(smallest, change), jnp.where(change < smallest, 0, stalled + 1), i + 1

        never, none = jnp.asarray(jnp.inf, x0.dtype), jnp.asarray(0, jnp.int32)
        x, _, smallest, stalled, i = jax.lax.while_loop(go_on, once, (x0, never, never, none, none))
        return x, (i.astype(x.dtype), smallest, stalled.astype(x.dtype))  # custom_root wants floating auxiliaries

    def tangent_solve(linear, y):
        return jnp.linalg.solve(jax.jacfwd(linear)(jnp.zeros_like(y)), y)

    start = jax.lax.stop_gradient(start)
    value, auxiliary = jax.lax.custom_root(lambda x: x - f(x), start, solve, tangent_solve, has_aux=True)
    i, change, stalled = jax.lax.stop_gradient(auxiliary)
    converged = (change <= limit) | ((change <= eps**0.5) & (stalled >= STALLED))
    return FixedPoint(value, converged, i.astype(jnp.int32), change)


def newton_fixed_point(
    f_and_jacobian: Callable[[Float[Array, " size"]], tuple[Float[Array, " size"], Float[Array, "size size"]]],
    start: Float[Array, " size"],
    *,
    newton: bool = True,
    tolerance: float | None = None,
    max_iterations: int = 2000,
) -> FixedPoint:
    """`fixed_point` of a map that gives its own Jacobian J, by Newton steps `x - (I - J)^-1 (x - f(x))`.

    For maps with J >= 0 entrywise which are increasing and concave, started at an upper bound: the steps then decrease to the largest
    fixed point, and `I - J` is of a kind that `elimination.solve` takes without exchanges.

    Args:
      f_and_jacobian: x -> (f(x), df/dx).
      start: first iterate.
      newton: plain iteration of f when False.
      tolerance, max_iterations: see `fixed_point`.
    """

    def step(x):
        new, jacobian = f_and_jacobian(x)
        return x - elimination.solve(jnp.eye(x.size, dtype=x.dtype) - jacobian, (x - new)[:, None])[:, 0]

    return fixed_point(
        lambda x: f_and_jacobian(x)[0],
        start,
        step=step if newton else None,
        tolerance=tolerance,
        max_iterations=max_iterations,
    )


def check_converged(result: Any, what: str) -> None:
    """Host-side check of anything with `converged` and `residual` (a FixedPoint, an equivalent, a risk), possibly batched.

    Raises:
      BadInput: some lane did not converge; the sentence gives the last relative change and `what` describes the problem.
    """
    if not bool(jnp.all(result.converged)):
        worst = float(jnp.max(jnp.where(result.converged, 0.0, result.residual)))
        raise BadInput(
            f"the fixed point did not converge at {what}: last relative change {worst:.3g}; use finite numbers, less extreme couplings "
            "or double precision"
        )
