"""The two-task landscape on which gradient methods are compared: two parameters, two losses, a Pareto segment far below a plateau.

Papers: Liu et al., "Conflict-Averse Gradient Descent", NeurIPS 2021, section 5.1 (functions, three starts); Navon et al., "Multi-Task
Learning as a Bargaining Game", ICML 2022, figure 1 (five starts, the first loss times 0.1); Senushkin et al., CVPR 2023,
arXiv 2305.19000, figure 1 (the same starts, losses (s L1, (1 - s) L2)).

Symbols: x = (x1, x2) -> x (2,); L = (L1, L2) -> losses (task,). For x2 <= 0 the losses are quadratics q_i times tanh(-x2/2), and all
Pareto points lie there; for x2 >= 0 they are log-barriers f_i times tanh(x2/2) with narrow valleys.

At x2 = 0 both branches meet. The published programs clamp, whose derivative at the bound is that of the argument; a maximum would give
half of it and a strict inequality none (and a gradient of zero stops every method at the start (0, 0)). `clamped` does as they do.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from mtrl.numerics.checks import check_between
from mtrl.numerics.types import Scalar

CAGRAD_STARTS = ((-8.5, 7.5), (-8.5, -5.0), (9.0, 9.0))
NASH_STARTS = ((-8.5, 7.5), (0.0, 0.0), (9.0, 9.0), (-7.5, -0.5), (9.0, -1.0))
FLOOR = 5e-6  # below which the logarithms are cut


def clamped(x: Float[Array, "*shape"], lower: float) -> Float[Array, "*shape"]:
    """max(x, lower) with derivative 1 at the bound."""
    return jnp.where(x >= lower, x, lower)


def losses(x: Float[Array, "2"]) -> Float[Array, "task"]:
    """(L1, L2) at a point, unscaled."""
    x1, x2 = x[0], x[1]
    f1 = jnp.log(clamped(jnp.abs(0.5 * (-x1 - 7) - jnp.tanh(-x2)), FLOOR)) + 6
    f2 = jnp.log(clamped(jnp.abs(0.5 * (-x1 + 3) + jnp.tanh(-x2) + 2), FLOOR)) + 6
    q1, q2 = _quadratics(x1, x2)
    c1, c2 = clamped(jnp.tanh(0.5 * x2), 0.0), clamped(jnp.tanh(-0.5 * x2), 0.0)
    return jnp.stack([f1 * c1 + q1 * c2, f2 * c1 + q2 * c2])


def _quadratics(x1: Array, x2: Array) -> tuple[Array, Array]:
    bowl = 0.1 * (-x2 - 8) ** 2
    return ((-x1 + 7) ** 2 + bowl) / 10 - 20, ((-x1 - 7) ** 2 + bowl) / 10 - 20


def scaled(x: Float[Array, "2"], scale: Float[Array, "task"]) -> Float[Array, "task"]:
    """(scale_1 L1, scale_2 L2): (0.1, 1) in Nash-MTL's figure, (s, 1 - s) in Aligned-MTL's, (1, 1) in CAGrad's."""
    return jnp.asarray(scale, x.dtype) * losses(x)


def pareto_point(share: Scalar) -> Float[Array, "2"]:
    """The minimiser of `share L1 + (1 - share) L2`: x1 = 7 (2 share - 1), and x2 near -8.36 by Newton's method.

    The second coordinate solves the derivative in x2 and moves from -8.3551 in the middle to -8.43 at the single-task optima: the segment
    at constant x2 of the papers' pictures is its chord.

    Raises:
      BadInput: a share outside [0, 1].
    """
    check_between(0, 1, share=share, hint="it is the first task's part of the weight")
    share = jnp.asarray(share, float)
    x1 = 7 * (2 * share - 1)

    def mixture(x2):
        q1, q2 = _quadratics(x1, x2)
        return (share * q1 + (1 - share) * q2) * jnp.tanh(-0.5 * x2)

    slope, curvature = jax.grad(mixture), jax.grad(jax.grad(mixture))
    x2 = jax.lax.fori_loop(0, 12, lambda _, x2: x2 - slope(x2) / curvature(x2), jnp.asarray(-8.4, float))
    return jnp.stack([x1, x2])


def pareto_set(points: int = 101) -> Float[Array, "point 2"]:
    """Points of the Pareto set, equally spaced in x1 from one single-task optimum to the other."""
    return jax.vmap(pareto_point)(jnp.linspace(0.0, 1.0, points))


def optimum(scale: tuple[float, float] = (0.5, 0.5)) -> Float[Array, "2"]:
    """Where `scale_1 L1 + scale_2 L2` is least: (0, -8.35511) for equal scales."""
    return pareto_point(scale[0] / (scale[0] + scale[1]))
