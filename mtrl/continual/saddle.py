"""Solving three order parameters (q, r, q*) = G(q, r, q*): damped iteration, and Newton steps where they help."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from mtrl.numerics.checks import known
from mtrl.numerics.errors import BadInput
from mtrl.numerics.types import Scalar

STEP = 1e-7  # of the differences that Newton steps take for the Jacobian
PATIENCE = 8  # damped steps after a Newton step that made things worse


class Solved(NamedTuple):
    """The order parameters with their certificate."""

    order: Float[Array, "3"]  # (q, r, q*)
    residual: Float[Array, ""]  # largest |G(order) - order|
    converged: Bool[Array, ""]  # it is at most the tolerance
    iterations: Int[Array, ""]
    beside: Any  # what `update` gave beside G(order)


def check_start(start: Float[Array, "3"]) -> None:
    """Check a first guess (q, r, q*).

    Raises:
      BadInput: q* lies outside (0, 1), q* < q, or q < r^2.
    """
    order = known(start)
    if order is None:
        return
    q, r, q_star = (float(x) for x in order)
    if not 0 < q_star < 1:
        raise BadInput(
            f"start got q* = {q_star:g}, but must lie strictly between 0 and 1; try (q, r, q*) = (0.1, 0.05, 0.4)"
        )
    if not r**2 <= q <= q_star:
        raise BadInput(
            f"start got q = {q:g} with r = {r:g} and q* = {q_star:g}, but r^2 <= q <= q* must hold; try (q, r, q*) = (0.1, 0.05, 0.4)"
        )


def inside(order: Float[Array, "3"]) -> Bool[Array, ""]:
    """Whether 0 < q* < 1 and r^2 < q < q*."""
    q, r, q_star = order[0], order[1], order[2]
    return (q_star < 1) & (q < q_star) & (q > r**2) & (q > 0)


def solve(
    update: Callable[[Float[Array, "3"]], tuple[Float[Array, "3"], Any]],
    start: Float[Array, "3"],
    *,
    damping: Scalar,
    newton: bool,
    tolerance: Scalar,
    iterations: Scalar,
) -> Solved:
    """Iterate `order <- damping order + (1 - damping) G(order)` until the residual is at most `tolerance`.

    With `newton`, a step `order + (I - G')^-1 (G - order)` is taken instead wherever it stays inside the domain and moves by at most 0.1;
    when the residual grew, the next `PATIENCE` steps are damped ones, so that a branch is followed and not left.

    Args:
      update: order -> (G(order), whatever else is of interest there); it stands in the program once, which is what compiling costs.
      start: first guess.
      damping: share of the old value, in [0, 1).
      newton: take Newton steps.
      tolerance: largest residual of a solution.
      iterations: cap.

    Returns:
      The last place where G was taken, with what stood beside it; `converged` is False at the cap and on NaN.
    """
    shifts = jnp.concatenate([jnp.zeros((1, 3), start.dtype), -STEP * jnp.eye(3, dtype=start.dtype)][: 1 + newton])

    def go_on(carry):
        at, _, residual, _, i, _ = carry
        return ((residual > tolerance) | (i < 1)) & jnp.isfinite(jnp.sum(at)) & (i < iterations)

    def once(carry):
        _, order, before, cooling, i, _ = carry
        values, beside = jax.vmap(update)(order + shifts)
        new, beside = values[0], jax.tree.map(lambda x: x[0], beside)
        residual = jnp.max(jnp.abs(new - order))
        cooling = jnp.where(residual > before, PATIENCE, jnp.maximum(cooling - 1, 0))
        moved = damping * order + (1 - damping) * new
        if newton:
            jacobian = ((new - values[1:]) / STEP).T
            far = order + jnp.linalg.solve(jnp.eye(3, dtype=order.dtype) - jacobian, new - order)
            good = (cooling == 0) & inside(far) & (jnp.max(jnp.abs(far - order)) <= 0.1)
            moved = jnp.where(good, far, moved)
        return order, moved, residual, cooling, i + 1, beside

    none = jax.tree.map(lambda x: jnp.zeros(x.shape, x.dtype), jax.eval_shape(lambda x: update(x)[1], start))
    first = (start, start, jnp.asarray(jnp.inf, start.dtype), jnp.asarray(0), jnp.asarray(0), none)
    order, _, residual, _, i, beside = jax.lax.while_loop(go_on, once, first)
    return Solved(order, residual, residual <= tolerance, i, beside)
