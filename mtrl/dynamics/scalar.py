"""The same competition mode by mode: one number per pathway and mode, and its phase portrait."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from mtrl.dynamics.gates import NONE, OPEN, Gate, check_gate, check_lesion, kept, trains
from mtrl.dynamics.pathways import drawn_strengths
from mtrl.numerics.algorithm import Iteration
from mtrl.numerics.checks import check_choice, check_nonnegative, check_positive, check_whole
from mtrl.numerics.keys import split_named
from mtrl.numerics.types import PRNGKey, Scalar

STARTS = ("small", "large")
Strengths = Float[Array, "..."]


class ScalarPathways(NamedTuple):
    """Per-layer singular values of both pathways, and the number of steps done."""

    p_a: Float[Array, " mode"]
    p_b: Float[Array, " mode"]
    t: Int[Array, ""]


def strength(p: Strengths, depth: Scalar, start: str = "small") -> Strengths:
    """K of a mode from its layer: `sign(p) |p|^D` where all layers are alike, `p (p^2 + 1)^((D-1)/2)` where D - 1 of them are larger."""
    if start == "small":
        return jnp.sign(p) * jnp.abs(p) ** depth
    return p * _others(p, depth)


def _others(p: Strengths, depth: Scalar) -> Strengths:
    """The product of the D - 1 other layers, `q^(D-1)` with `q^2 - p^2 = 1`."""
    return jnp.sqrt(p * p + 1) ** (depth - 1)


def slope(p: Strengths, depth: Scalar, start: str = "small") -> Strengths:
    """`(dp/dt) / (s - K_a - K_b)`: the product of the other layers."""
    return jnp.abs(p) ** (depth - 1) if start == "small" else _others(p, depth)


def layer(k: Strengths, depth: Scalar, start: str = "small") -> Strengths:
    """The inverse of `strength`; for large starts by bisection of `sinh(u) cosh(u)^(D-1)`, to rounding."""
    if start == "small":
        return jnp.sign(k) * jnp.abs(k) ** (1 / jnp.asarray(depth, k.dtype))
    size = jnp.abs(k)

    def halve(_: Array, ends: tuple[Array, Array]) -> tuple[Array, Array]:
        low, high = ends
        middle = (low + high) / 2
        less = jnp.sinh(middle) * jnp.cosh(middle) ** (depth - 1) < size
        return jnp.where(less, middle, low), jnp.where(less, high, middle)

    low, high = jax.lax.fori_loop(0, 60, halve, (jnp.zeros_like(size), jnp.arcsinh(size)))
    return jnp.sign(k) * jnp.sinh((low + high) / 2)


def speed(k: Strengths, depth: Scalar, start: str = "small") -> Strengths:
    """`(dK/dt) / (s - K_a - K_b)`: `D K^(2-2/D)` of a small start, `q^(2D-2) + (D-1) p^2 q^(2D-4)` of a large one."""
    p = layer(k, depth, start)
    if start == "small":
        return depth * jnp.abs(p) ** (2 * depth - 2)
    q = jnp.sqrt(p * p + 1)
    return q ** (2 * depth - 2) + (depth - 1) * p * p * q ** (2 * depth - 4)


def portrait(
    k_a: Strengths, k_b: Strengths, s: Scalar, *, depth: Scalar, start: str = "small"
) -> tuple[Strengths, Strengths]:
    """The field `(dK_a/dt, dK_b/dt)` of the phase plane (Kleinman, Achille and Soatto 2024, figures 1 and 7).

    Raises:
      BadInput: the kind of start is unknown, or the depth is below 2.
    """
    check_choice("start", start, STARTS)
    check_positive(s=s)
    check_whole(lower=2, depth=depth)
    left = s - k_a - k_b
    return speed(k_a, depth, start) * left, speed(k_b, depth, start) * left


def scalar_pathways(
    *,
    depth: Scalar,
    lr: Scalar,
    scale: Scalar = 0.01,
    spread: Scalar = 0.1,
    gate_a: Gate = OPEN,
    gate_b: Gate = OPEN,
    lesion: Scalar = NONE,
    start: str = "small",
) -> Iteration:
    """`p_a += dt p_a^(D-1) (s - K_a - K_b)`, the same for b, per mode: exactly what `two_pathways` does from its aligned start.

    | symbol | name | |
    | --- | --- | --- |
    | D | depth | matrices a pathway, at least 2; a number that may be traced (whole Python ones are faster) |
    | dt | lr | step |
    | eps | scale | small start: K of every mode; large start: standard deviation of p |
    | | spread | relative standard deviation of K, of the small start alone |

    The other arguments as in `two_pathways`. With the same key both start from the same strengths.

    Args:
      start: "small" (balanced: D equal layers) or "large" (one layer p, the others q with `q^2 - p^2 = 1`, both pathways drawn apart).

    Returns:
      An `Iteration` on s (mode,); `step` reports `s - K_a - K_b` before it.

    Raises:
      BadInput: D < 2, lr or scale not positive, a gate that ends before it starts, no such mode or start.
    """
    check_whole(lower=2, depth=depth, hint="a pathway needs a first and a last matrix")
    check_positive(lr=lr, scale=scale)
    check_nonnegative(spread=spread)
    check_gate(gate_a, name="gate_a")
    check_gate(gate_b, name="gate_b")
    check_choice("start", start, STARTS)

    def init(key: PRNGKey, s: Float[Array, " mode"]) -> ScalarPathways:
        check_lesion(lesion, s.shape[0])
        keys, t = split_named(key, "strengths", "a", "b"), jnp.zeros((), jnp.int32)
        if start == "small":
            p = layer(drawn_strengths(keys["strengths"], s, scale=scale, spread=spread), depth)
            return ScalarPathways(p, p, t)
        a, b = (scale * jax.random.normal(keys[name], s.shape, s.dtype) for name in ("a", "b"))
        return ScalarPathways(a, b, t)

    def step(
        key: PRNGKey | None, state: ScalarPathways, s: Float[Array, " mode"]
    ) -> tuple[ScalarPathways, Float[Array, " mode"]]:
        p_a, p_b, t = state
        seen = kept(lesion, s.shape[0])
        left = s - jnp.where(seen, strength(p_a, depth, start), 0) - strength(p_b, depth, start)
        a = jnp.where(trains(gate_a, t) & seen, p_a + lr * slope(p_a, depth, start) * left, p_a)
        b = jnp.where(trains(gate_b, t), p_b + lr * slope(p_b, depth, start) * left, p_b)
        return ScalarPathways(a, b, t + 1), left

    return Iteration(init, step)
