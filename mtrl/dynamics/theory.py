"""Closed forms on the axes of the simulations; D counts matrices, times are in units of steps x learning rate.

The equations of motion are the paper's (Kleinman, Achille and Soatto, ICLR 2024); the closed forms are derived here and tested.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from mtrl.numerics.checks import check_nonnegative, check_positive, check_whole
from mtrl.numerics.types import Scalar

Values = Float[Array, "..."]
Number = Scalar | Values | Int[Array, "..."]


def logistic(t: Number, s: Number, k0: Number) -> Values:
    """D = 2, one pathway, or the total `K_a + K_b` of two: `K(t) = s K0 / (K0 + (s - K0) e^(-2 s t))`."""
    t, s, k0 = (jnp.asarray(x, float) for x in (t, s, k0))
    return s * k0 / (k0 + (s - k0) * jnp.exp(-2 * s * t))


def logistic_pathways(
    t: Number, s: Number, k_a: Number, k_b: Number, *, start: Number, stop: Number
) -> tuple[Values, Values]:
    """D = 2, two pathways, b gated in [start, stop): `(K_a(t), K_b(t))`.

    While both train their total is a logistic and their ratio is frozen; while b is gated, a is one with `s - K_b` in place of s.
    """
    t, s = jnp.asarray(t, float), jnp.asarray(s, float)

    def together(t: Values, k_a: Number, k_b: Number) -> tuple[Values, Values]:
        total = jnp.asarray(k_a, float) + k_b
        now = logistic(t, s, total)
        return now * k_a / total, now * k_b / total

    before = together(jnp.minimum(t, start), k_a, k_b)
    gated = logistic(jnp.clip(t, start, stop) - start, s - before[1], before[0])
    return together(jnp.maximum(t - stop, 0), gated, before[1])


def escape_time(s: Number, k0: Number, depth: Number) -> Values:
    """When a mode leaves its small start: `ln(s / K0) / (2 s)` at D = 2, `K0^((2-D)/D) / ((D - 2) s)` beyond.

    Raises:
      BadInput: D < 2, or a strength that is not positive.
    """
    check_positive(s=s, k0=k0)
    check_whole(lower=2, depth=depth)
    s, k0, depth = (jnp.asarray(x, float) for x in (s, k0, depth))
    deep = jnp.where(depth > 2, depth, 3.0)
    return jnp.where(depth > 2, k0 ** ((2 - deep) / deep) / ((deep - 2) * s), jnp.log(s / k0) / (2 * s))


def conserved(p_a: Values, p_b: Values, depth: Scalar) -> Values:
    """What both pathways keep while both train: `ln p_a - ln p_b` at D = 2, `p_a^(2-D) - p_b^(2-D)` beyond."""
    if depth == 2:
        return jnp.log(p_a) - jnp.log(p_b)
    return p_a ** (2 - depth) - p_b ** (2 - depth)


def split(s: Number, gap: Number, depth: int) -> Values:
    """K_b at the end, from the conserved gap: `ln(p_a / p_b)` at D = 2, `p_b^(2-D) - p_a^(2-D)` beyond, with `K_a + K_b = s`.

    By bisection of ln K_b, to rounding.

    Raises:
      BadInput: D < 2, s not positive, or a negative gap (exchange the pathways).
    """
    check_whole(lower=2, depth=depth)
    check_positive(s=s)
    check_nonnegative(gap=gap, hint="exchange the pathways")
    s, gap = jnp.broadcast_arrays(jnp.asarray(s, float), jnp.asarray(gap, float))
    if depth == 2:
        return s / (1 + jnp.exp(2 * gap))
    power = (2 - depth) / depth
    # From above p_b^(2-D) = gap + p_a^(2-D) >= gap, from below <= gap + (s/2)^((2-D)/D): K_b lies between their powers and s/2.
    low = jnp.log((gap + (s / 2) ** power) ** (1 / power)) - 1e-9

    def halve(_: Array, ends: tuple[Array, Array]) -> tuple[Array, Array]:
        low, high = ends
        middle = (low + high) / 2
        k_b = jnp.exp(middle)
        weaker = k_b**power - (s - k_b) ** power > gap
        return jnp.where(weaker, middle, low), jnp.where(weaker, high, middle)

    low, high = jax.lax.fori_loop(0, 60, halve, (low, jnp.log(s / 2)))
    return jnp.exp((low + high) / 2)


def gated_split(s: Number, duration: Number, depth: int, k0: Number = 0.0) -> Values:
    """K_b at the end after a gate on b in [0, duration), from starts K0 -> 0.

    `ln(p_a / p_b) = s Te` at D = 2, `p_b^(2-D) - p_a^(2-D) = (D - 2) s Te` beyond: Te counts through s Te only. A gate that outlasts the
    escape of a hands everything to it: with `k0` given, K_b never falls below it.
    """
    gap = jnp.asarray(s, float) * duration * max(depth - 2, 1)
    return jnp.maximum(split(s, gap, depth), k0)


def winner_share(fraction: Number, s: Number, k0: Number, depth: int) -> Values:
    """Share `K_b / s` after a gate over a fraction f of the escape time, to leading order in K0.

    `(K0/s)^f` at D = 2 (graded), `(K0/s) f^(-D/(D-2))` beyond (the winner takes all).
    """
    ratio = jnp.asarray(k0, float) / s
    return ratio**fraction if depth == 2 else ratio * jnp.asarray(fraction, float) ** (-depth / (depth - 2))


def one_matrix(
    start: Float[Array, "row column"],
    target: Float[Array, "row column"],
    mask: Float[Array, "row column"],
    lr: Scalar,
    steps: Number,
) -> Float[Array, "row column"]:
    """Completion with D = 1 after `steps`: observed entries close in by `1 - lr / |Omega|` a step, the others never move."""
    left = (1 - lr / jnp.sum(mask)) ** jnp.asarray(steps, start.dtype)
    return start + mask * (1 - left) * (target - start)
