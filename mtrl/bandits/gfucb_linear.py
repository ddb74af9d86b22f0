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

from mtrl.bandits.checks import check_heads, check_radius
from mtrl.bandits.joint_index import joint_argmax, joint_value
from mtrl.bandits.linear_stats import squared_widths
from mtrl.bandits.mtlr_oful import Config, State, init, observe, radius, subspace_metric
from mtrl.bandits.rounds import ArmData, Info, take_arm
from mtrl.numerics.algorithm import Algorithm
from mtrl.numerics.linalg import elimination
from mtrl.numerics.types import PRNGKey, Scalar

__all__ = ["GFUCB_LINEAR", "Config", "State", "init", "representation_value", "step"]


class Optimism(NamedTuple):
    """The optimistic value of one representation."""

    values: Float[Array, "task arm"]  # <B^T x, c_i>
    squares: Float[Array, "task arm"]  # ||B^T x||^2 in the metric (B^T V_i B)^-1
    slack: Float[Array, ""]  # what is left of beta; negative: B is outside the confidence set


def representation_value(
    state: State, contexts: Float[Array, "task arm dim"], basis: Float[Array, "dim rank"], beta: Scalar
) -> Optimism:
    """Centres, widths and slack of the heads' ellipsoid for a fixed B."""
    estimate = state.heads @ state.basis.T  # B_hat w_hat_i
    weighted = jnp.einsum("mde,me->md", state.gram, estimate) + state.ridge * estimate  # V_i theta_hat_i
    inverse = elimination.inverse(subspace_metric(state, basis))
    pulled = weighted @ basis
    centres = jnp.einsum("mkl,ml->mk", inverse, pulled)
    # ||theta_hat - B c||^2_V = theta_hat' V theta_hat - c' B' V theta_hat at the least-squares c.
    misfit = jnp.sum(estimate * weighted) - jnp.sum(centres * pulled)
    inside = contexts @ basis
    values = jnp.einsum("mak,mk->ma", inside, centres)
    return Optimism(values, squared_widths(inverse, inside), beta - jnp.maximum(misfit, 0.0))


def _arm_value(state: State, contexts: Array, basis: Array, beta: Array, arms: Array, floor: float = 1e-12) -> Array:
    """Smooth objective of the ascent: the arms stay, B moves. Outside the set the missing slack counts negative."""
    basis, _ = jnp.linalg.qr(basis)
    found = representation_value(state, contexts, basis, beta)
    width = jnp.sum(take_arm(found.squares, arms))
    safe = jnp.maximum(found.slack, floor * beta + jnp.finfo(basis.dtype).tiny)
    return jnp.sum(take_arm(found.values, arms)) + jnp.sqrt(safe * width) + jnp.minimum(found.slack, 0.0)


def step(
    key: PRNGKey,
    state: State,
    data: ArmData,
    *,
    scale: Scalar = 1.0,
    noise: Scalar = 1.0,
    rate: Scalar = 0.2,
    ascent: int = 4,
) -> tuple[State, Info]:
    """Play the arms of the most optimistic representation found.

    Args:
      key: not used.
      state: statistics and centre, as MTLR-OFUL's.
      data: the round.
      scale: multiplier of `beta = scale sigma^2 (M k + k d) log(t + 2)`.
      noise: sigma.
      rate: size of a gradient step on the Grassmannian (radians), the gradient being normalised.
      ascent: number of steps, fixed at compile time.

    Raises:
      BadInput: a radius below zero (when it is not traced), or arms for other tasks than the state's.
    """
    del key
    check_radius(scale=scale)
    check_heads(data.contexts, state.heads)
    beta = radius(state, scale=scale, noise=noise)
    slope = jax.grad(_arm_value, argnums=2)

    def optimum(basis):
        found = representation_value(state, data.contexts, basis, beta)
        choice = joint_argmax(found.values, found.squares, jnp.maximum(found.slack, 0.0), grid=17)
        return jnp.where(found.slack >= 0.0, choice.value, -jnp.inf), choice.arms

    def climb(carry, size):
        basis, arms, best_value, best_arms = carry
        gradient = slope(state, data.contexts, basis, beta, arms)
        gradient = gradient - basis @ (basis.T @ gradient)  # tangent to the Grassmannian
        norm = jnp.linalg.norm(gradient)
        basis, _ = jnp.linalg.qr(basis + size * gradient / jnp.where(norm > 0, norm, 1.0))
        value, arms = optimum(basis)
        better = value > best_value
        return (basis, arms, jnp.where(better, value, best_value), jnp.where(better, arms, best_arms)), value

    value, arms = optimum(state.basis)  # B_hat: its misfit is zero, so the set is never empty
    sizes = jnp.asarray(rate, value.dtype) / (1.0 + jnp.arange(ascent, dtype=value.dtype))
    (_, _, _, arms), _ = jax.lax.scan(climb, (state.basis, arms, value, arms), sizes)
    return observe(state, data, arms)


def optimistic_total(found: Optimism, arms: Int[Array, " task"]) -> Float[Array, ""]:
    """Optimistic value of given arms under a representation inside the set."""
    return joint_value(take_arm(found.values, arms), take_arm(found.squares, arms), jnp.maximum(found.slack, 0.0))


GFUCB_LINEAR = Algorithm(init, step)
