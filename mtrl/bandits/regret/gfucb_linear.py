"""GFUCB for the class of linear representations `phi(x) = B^T x`, B orthonormal: one optimistic B for all tasks.

Lu, Zhao, Du and Huang, NeurIPS 2022, Algorithm 1 with `Phi = {x -> B^T x}`: `max over a, (B, w) in F_t of sum_i
<x_{i,a_i}, B w_i>`, `F_t = {sum_i ||B w_i - B_hat w_hat_i||^2_{V_i} <= beta}`. For a fixed B the heads have a closed
form (`representation_value`): centres `c_i = (B^T V_i B)^-1 B^T V_i theta_hat_i`, slack `beta - sum_i ||theta_hat_i -
B c_i||^2_{V_i}`, and the joint ellipsoid's root of a sum. The maximum over B is ascended from B_hat by QR-retracted
gradient steps (ours; the paper assumes an oracle), keeping the best feasible B: the value is never above the true
optimum, never below the `projected` one of MTLR-OFUL, and the `relaxed` one is above all three.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from mtrl.bandits.problem import check_tasks, take_arm
from mtrl.bandits.regret.joint_index import joint_argmax, joint_value
from mtrl.bandits.regret.mtlr_oful import State, observe, radius, start
from mtrl.bandits.regret.ridge_statistics import squared_widths
from mtrl.numerics.algorithm import Algorithm
from mtrl.numerics.checks import check_nonnegative, check_positive, check_whole
from mtrl.numerics.linalg import elimination
from mtrl.numerics.types import Scalar


class Optimism(NamedTuple):
    """The optimistic value of one representation."""

    values: Float[Array, "task arm"]  # <B^T x, c_i>
    squares: Float[Array, "task arm"]  # ||B^T x||^2 in the metric (B^T V_i B)^-1
    slack: Float[Array, ""]  # what is left of beta; negative: B is outside the confidence set


def representation_value(
    state: State,
    contexts: Float[Array, "task arm dim"],
    basis: Float[Array, "dim rank"],
    beta: Scalar,
    ridge: Scalar,
) -> Optimism:
    """Centres, widths and slack of the heads' ellipsoid for a fixed B."""
    estimate = state.centre.heads @ state.centre.basis.T  # B_hat w_hat_i
    weighted = jnp.einsum("mde,me->md", state.data.gram, estimate) + ridge * estimate  # V_i theta_hat_i
    metric = jnp.einsum("dk,mde,el->mkl", basis, state.data.gram, basis)
    inverse = elimination.inverse(metric + ridge * jnp.eye(basis.shape[1], dtype=basis.dtype))
    pulled = weighted @ basis
    centres = jnp.einsum("mkl,ml->mk", inverse, pulled)
    # ||theta_hat - B c||^2_V = theta_hat' V theta_hat - c' B' V theta_hat at the least-squares c.
    misfit = jnp.sum(estimate * weighted) - jnp.sum(centres * pulled)
    inside = contexts @ basis
    values = jnp.einsum("mak,mk->ma", inside, centres)
    return Optimism(values, squared_widths(inverse, inside), beta - jnp.maximum(misfit, 0.0))


def _arm_value(
    basis: Array, state: State, contexts: Array, beta: Array, ridge: Array, arms: Array, floor: float = 1e-12
) -> Array:
    """Smooth objective of the ascent: the arms stay, B moves. Outside the set the missing slack counts negative."""
    basis, _ = jnp.linalg.qr(basis)
    found = representation_value(state, contexts, basis, beta, ridge)
    square = jnp.maximum(found.slack, floor * beta) * jnp.sum(take_arm(found.squares, arms))
    # Without a budget the root has no slope: not the NaN of an infinite one.
    width = jnp.where(square > 0, jnp.sqrt(jnp.where(square > 0, square, 1.0)), 0.0)
    return jnp.sum(take_arm(found.values, arms)) + width + jnp.minimum(found.slack, 0.0)


def optimistic_total(found: Optimism, arms: Int[Array, " task"]) -> Float[Array, ""]:
    """Optimistic value of given arms under a representation inside the set."""
    return joint_value(take_arm(found.values, arms), take_arm(found.squares, arms), jnp.maximum(found.slack, 0.0))


def gfucb_linear(
    *,
    rank: int = 2,
    ridge: Scalar = 1.0,
    scale: Scalar = 1.0,
    noise: Scalar = 1.0,
    rate: Scalar = 0.2,
    ascent: int = 4,
) -> Algorithm:
    """GFUCB over linear representations: the arms of the most optimistic one found.

    Args:
      rank: k.
      ridge: lam, above 0.
      scale: multiplier of `beta = scale sigma^2 (M k + k d) log(t + 2)`, at least 0.
      noise: sigma.
      rate: size of a gradient step on the Grassmannian (radians), the gradient being normalised.
      ascent: number of steps.

    Raises:
      BadInput: a number outside its range, or (in `init`) a rank that does not fit.
    """
    check_nonnegative(scale=scale, noise=noise, rate=rate)
    check_positive(ridge=ridge)
    check_whole(ascent=ascent, lower=0)

    def init(key, view):
        return start(key, view, rank=rank, ridge=ridge)

    def select(key, state, view):
        del key
        contexts = view.contexts
        check_tasks(contexts, state.inverse)
        beta = radius(state, scale=scale, noise=noise)
        lam = jnp.asarray(ridge, beta.dtype)

        def optimum(basis):
            found = representation_value(state, contexts, basis, beta, lam)
            choice = joint_argmax(found.values, found.squares, jnp.maximum(found.slack, 0.0), grid=17)
            return jnp.where(found.slack >= 0.0, choice.value, -jnp.inf), choice.arms

        def climb(carry, size):
            basis, arms, best_value, best_arms = carry
            gradient = jax.grad(_arm_value)(basis, state, contexts, beta, lam, arms)
            gradient = gradient - basis @ (basis.T @ gradient)  # tangent to the Grassmannian
            norm = jnp.linalg.norm(gradient)
            basis, _ = jnp.linalg.qr(basis + size * gradient / jnp.where(norm > 0, norm, 1.0))
            value, arms = optimum(basis)
            better = value > best_value
            return (basis, arms, jnp.where(better, value, best_value), jnp.where(better, arms, best_arms)), None

        value, arms = optimum(state.centre.basis)  # B_hat: its misfit is zero, so the set is never empty
        sizes = jnp.asarray(rate, value.dtype) / (1.0 + jnp.arange(ascent, dtype=value.dtype))
        (_, _, _, arms), _ = jax.lax.scan(climb, (state.centre.basis, arms, value, arms), sizes)
        return arms

    def update(key, state, view, action, feedback):
        del key
        return observe(state, view, action, feedback, ridge=ridge), ()

    return Algorithm(init, select, update)
