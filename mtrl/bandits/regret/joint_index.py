"""The joint confidence ellipsoid: M tasks share one budget, so the bonus is the root of the sum, not the sum of roots.

For a fixed representation the heads lie in `{theta : sum_i ||theta_i - c_i||^2_{V_i} <= s}`, and the optimistic value
of one action per task is `sum_i <x_i, c_i> + sqrt(s sum_i ||x_i||^2_{V_i^-1})` (the support function of that
ellipsoid).
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from mtrl.bandits.problem import first_best, take_arm
from mtrl.numerics.types import Scalar


class JointChoice(NamedTuple):
    """One optimistic action per task."""

    arms: Int[Array, " task"]
    value: Float[Array, ""]  # optimistic value summed over the tasks


def joint_value(values: Float[Array, " task"], squares: Float[Array, " task"], slack: Scalar) -> Float[Array, ""]:
    """`sum_i u_i + sqrt(s sum_i q_i)`."""
    return jnp.sum(values) + jnp.sqrt(slack * jnp.sum(squares))


def joint_argmax(
    values: Float[Array, "task arm"],
    squares: Float[Array, "task arm"],
    slack: Scalar,
    *,
    grid: int = 33,
    moves: int = 2,
    floor: float = 1e-6,
) -> JointChoice:
    """Maximise `sum_i u_i(a_i) + sqrt(s sum_i q_i(a_i))` over one arm per task, without enumerating the A^M choices.

    `sqrt(s Q) = min_w (w Q + s / (4 w))`, and for a fixed multiplier w the tasks decouple: `a_i = argmax_a u_i(a) + w
    q_i(a)`. The best multiplier is `sqrt(s / Q) / 2` with Q between `sum_i min_a q` and `sum_i max_a q`, so the grid
    (logarithmic, plus 0) covers exactly that range at any scale. The path finds the best action on the upper hull of
    the points (sum u, sum q); the best action itself may lie a little inside the hull, since the objective is concave
    in Q (with M = 1 already: u = (1, 0, .45), q = (0, 1, .45), s = 1 has its best arm there, off the path). `moves`
    changes of one task's arm at a time, each the best over all tasks and arms, make M = 1 exact; with more tasks they leave about one
    random problem in a thousand below the best value (in the worst seen, M = 2 with both arms to change at once, by a third).

    Args:
      values: u, mean estimates `<x_{i,a}, c_i>`.
      squares: q, squared widths `||x_{i,a}||^2_{V_i^-1}`, not negative.
      slack: s, the squared radius, not negative.
      grid: multipliers tried.
      moves: single-task improvements after the path.
      floor: the smallest Q considered, relative to the largest.
    """
    most = jnp.sum(jnp.max(squares, axis=1))
    least = jnp.maximum(jnp.sum(jnp.min(squares, axis=1)), floor * most)
    tiny = jnp.finfo(values.dtype).tiny
    fraction = jnp.linspace(0.0, 1.0, grid, dtype=values.dtype)
    path = least ** (1.0 - fraction) * most**fraction  # Q on a log grid from least to most
    multipliers = jnp.concatenate([jnp.zeros(1, values.dtype), 0.5 * jnp.sqrt(slack / jnp.maximum(path, tiny))])
    arms = first_best(values + multipliers[:, None, None] * squares)  # (grid + 1, task)
    chosen_values = jax.vmap(lambda a: take_arm(values, a))(arms)
    chosen_squares = jax.vmap(lambda a: take_arm(squares, a))(arms)
    totals = jax.vmap(joint_value, in_axes=(0, 0, None))(chosen_values, chosen_squares, slack)
    best = arms[first_best(totals)]

    def move(arms, _):
        """The best single change: for every (task, arm), the total if only that task switches."""
        u, q = take_arm(values, arms), take_arm(squares, arms)
        rest_u, rest_q = jnp.sum(u) - u, jnp.maximum(jnp.sum(q) - q, 0.0)
        after = rest_u[:, None] + values + jnp.sqrt(slack * (rest_q[:, None] + squares))
        here = joint_value(u, q, slack)
        flat = first_best(after.ravel())
        task, arm = flat // values.shape[1], flat % values.shape[1]
        better = after.ravel()[flat] > here + 64 * jnp.finfo(values.dtype).eps * jnp.abs(here)
        return jnp.where(better, arms.at[task].set(arm.astype(arms.dtype)), arms), None

    best, _ = jax.lax.scan(move, best, None, length=moves)
    return JointChoice(best, joint_value(take_arm(values, best), take_arm(squares, best), slack))
