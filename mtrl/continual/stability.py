"""Whether the replica-symmetric saddle point of one task is stable against replicas that part: its replicon eigenvalue.

| symbol | name |
| --- | --- |
| phi(t) = ln int Dx H(g)^beta, g = (sqrt(q* - q) x + t) / sqrt(1 - q*), t = sqrt(q) z | `data_bend`: E[phi''(t)^2] |
| v(h) = <m^2>_h - <m>_h^2, the slope of a site's <m> in its local field h | `site_bend`: E[v(h)^2] |
| lambda = 1 - alpha E[phi''(t)^2] E[v(h)^2] | `replicon` |

Two replicas of one task whose overlap is not q but q + d have, after an iteration of the saddle point's equations, the overlap
q + (1 - lambda) d: below 0 they move apart, the measure falls into states that differ, and the symmetric solution describes none of them.

Source: the condition of de Almeida and Thouless (J. Phys. A 11, 983, 1978) for the measure of Li et al., Physical Review E 108, 014309
(2023), section III; the paper does not ask for it.
"""

import jax
import jax.numpy as jnp
from jax.scipy.special import ndtr
from jaxtyping import Array, Float

from mtrl.continual import quadrature
from mtrl.continual.single_task import Saddle
from mtrl.numerics.checks import check_nonnegative, check_positive, check_whole
from mtrl.numerics.types import Scalar


def data_bend(order: Float[Array, "3"], beta: Scalar, *, nodes: int, floor: float) -> Float[Array, ""]:
    """E[phi''(t)^2] over fresh examples, at (q, r, q*)."""
    q, r, q_star = order[0], order[1], order[2]
    left, wide, apart, root = jnp.sqrt(jnp.maximum(jnp.stack([1 - q_star, q_star - q, q - r**2, q]), floor))
    steepest = jnp.minimum(left / root, apart / jnp.maximum(jnp.abs(r), floor))
    z, weight = quadrature.gaussian(jnp.zeros_like(q), steepest, nodes)
    steep, shift = wide / left, root * z / left
    peak, width = quadrature.peak_of(shift, steep, beta)
    x, log_dx = quadrature.clustered(peak, width, peak - quadrature.REACH, peak + quadrature.REACH, nodes)
    inside = jax.nn.softmax(beta * quadrature.log_tail(steep * x + shift[:, None])[0] + log_dx - x**2 / 2, axis=-1)
    mean = jnp.sum(inside * x, -1, keepdims=True)
    # By parts in x: phi'' is the tilted variance of x less that of a free one, in units of t.
    bend = (jnp.sum(inside * (x - mean) ** 2, -1) - 1) / wide**2
    return jnp.sum(2 * weight * ndtr(-z * r / apart) * bend**2)


def site_bend(hats: Float[Array, "3"], stiffness: Scalar, *, nodes: int, sites: int) -> Float[Array, ""]:
    """E[v(h)^2] over sites, at (q_hat, r_hat, q*_hat)."""
    h, weight = quadrature.local_fields(hats[1], hats[0], nodes)
    at = quadrature.site(h, hats[2] - hats[0] / 2, stiffness, nodes=sites)
    return weight @ (at.square - at.mean**2) ** 2


def replicon(
    found: Saddle,
    *,
    load: Scalar,
    beta: Scalar,
    gamma: Scalar = 0.0,
    nodes: int = 60,
    sites: int = 160,
    floor: float = 1e-9,
) -> Float[Array, ""]:
    """lambda at one saddle point: 1 without data, below 0 where the symmetric solution is unstable, NaN where it did not converge.

    Args:
      found: the saddle point at `load`, `beta` and `gamma`.
      load, beta, gamma, nodes, sites, floor: as in `saddle_point`.

    Raises:
      BadInput: alpha or beta not above 0, gamma < 0.
    """
    check_positive(load=load, beta=beta)
    check_nonnegative(gamma=gamma)
    check_whole(lower=11, nodes=nodes, sites=sites)
    data = data_bend(jnp.stack([found.q, found.r, found.q_star]), beta, nodes=nodes, floor=floor)
    hats = jnp.stack([found.q_hat, found.r_hat, found.q_star_hat])
    answer = 1 - load * data * site_bend(hats, beta * gamma, nodes=nodes, sites=sites)
    return jnp.where(found.converged, answer, jnp.nan)
