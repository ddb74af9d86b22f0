"""Fixed quadrature of the mean-field equations: Gaussian fields, one site's magnetisation, and the energy of the data.

| symbol | name |
| --- | --- |
| Dz | `gaussian`: nodes on +-7.5, dense around the place where the integrand is steep |
| int_{-1}^{1} dm | `magnetisations`: Gauss-Legendre in v on (-1, 0) and (0, 1), m = sin(pi v / 2), dense at +-1 |
| << . >>_h | `site`: moments of `exp(a m^2 - k s(m) + h m) dm` at a local field h |
| s(m) = (1+m)/2 ln(1+m) + (1-m)/2 ln(1-m) | `entropy`, minus the entropy of a weight up to ln 2 |
| E and its slopes | `energy`; its inner integral has its nodes about the peak of its integrand, wherever that lies |
| ln H, phi / H | `log_tail` |

Since `kl(m, m_1) = s(m) - m artanh(m_1) - ln(1 - m_1^2) / 2`, the KL term of the second task only shifts the local field by
`beta gamma artanh(m_1)`: the site of both tasks is one function of h, which `tabulate` holds for many h at once.

Source: Li et al., Physical Review E 108, 014309 (2023), section III and appendices B, C.
"""

import math
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import erfc, logsumexp, ndtr
from jaxtyping import Array, Float

from mtrl.numerics.types import Scalar

REACH = 7.5  # of the Gaussian integrals, in standard deviations


class Energy(NamedTuple):
    """The data's part of Phi / alpha at (q, r, q*)."""

    value: Float[Array, ""]
    slopes: Float[Array, "3"]  # (dE/dq, dE/dr, dE/dq*)


class Site(NamedTuple):
    """One weight at a local field."""

    log_z: Float[Array, "*fields"]  # ln of its integral
    mean: Float[Array, "*fields"]  # <m>
    square: Float[Array, "*fields"]  # <m^2>
    sign: Float[Array, "*fields"]  # <sign m>


def clustered(
    centre: Float[Array, "*batch"],
    width: Float[Array, "*batch"],
    low: Float[Array, "*batch"],
    high: Float[Array, "*batch"],
    count: int,
) -> tuple[Float[Array, "*batch node"], Float[Array, "*batch node"]]:
    """`x = centre + width sinh(u)`, u in equal steps from `low` to `high`, and ln dx: about `width` times the step at the centre."""
    centre, width, low, high = (jax.lax.stop_gradient(v)[..., None] for v in (centre, width, low, high))
    share = jnp.linspace(0.0, 1.0, count, dtype=low.dtype)
    first, last = jnp.arcsinh((low - centre) / width), jnp.arcsinh((high - centre) / width)
    u = first + (last - first) * share
    return centre + width * jnp.sinh(u), jnp.log(width * jnp.cosh(u) * (last - first) / (count - 1))


def gaussian(
    centre: Float[Array, "*batch"], width: Float[Array, "*batch"], count: int
) -> tuple[Float[Array, "*batch node"], Float[Array, "*batch node"]]:
    """Points and weights (of sum 1) of a standard normal for a function that is steep at `centre` over `width`."""
    reach = jnp.full_like(centre, REACH)
    z, log_dz = clustered(jnp.clip(centre, -reach, reach), jnp.minimum(width, 1.0), -reach, reach, count)
    return z, jax.nn.softmax(log_dz - z**2 / 2, axis=-1)


def equal_steps(count: int, dtype: np.dtype | type) -> tuple[Float[Array, " node"], Float[Array, " node"]]:
    """Points and weights (of sum 1) of a standard normal on a grid of equal steps on +-7.5."""
    z = np.linspace(-REACH, REACH, count)
    weight = np.exp(-(z**2) / 2)
    return jnp.asarray(z, dtype), jnp.asarray(weight / weight.sum(), dtype)


def local_fields(
    centre: Float[Array, "*batch"], variance: Float[Array, ""], count: int, literal: bool = False
) -> tuple[Float[Array, "*batch node"], Float[Array, "*batch node"]]:
    """`h = centre + sqrt(variance) z` and the weights of z, dense around h = 0, where a site with two wells flips."""
    scale = jnp.sqrt(jnp.maximum(variance, jnp.finfo(variance.dtype).tiny))
    if literal:
        z, weight = equal_steps(count, variance.dtype)
        return centre[..., None] + scale * z, jnp.broadcast_to(weight, (*centre.shape, count))
    z, weight = gaussian(-centre / jnp.maximum(scale, 1e-6), jnp.full_like(centre, 1.0) / scale, count)
    return centre[..., None] + scale * z, weight


def magnetisations(count: int, dtype: np.dtype | type) -> tuple[Float[Array, " node"], Float[Array, " node"]]:
    """Points and weights of dm on (-1, 1), half of the `count` on either side of 0, where sign(m) jumps."""
    v, weight = np.polynomial.legendre.leggauss(count // 2)
    v, weight = (np.concatenate(x) for x in ((-(v[::-1] + 1) / 2, (v + 1) / 2), (weight[::-1] / 2, weight / 2)))
    return jnp.asarray(np.sin(np.pi * v / 2), dtype), jnp.asarray(weight * np.pi / 2 * np.cos(np.pi * v / 2), dtype)


def entropy(m: Float[Array, "*dims"]) -> Float[Array, "*dims"]:
    """s(m), 0 at 0 and ln 2 at +-1."""
    return (1 + m) / 2 * jnp.log1p(m) + (1 - m) / 2 * jnp.log1p(-m)


def log_weights(
    h: Float[Array, "*fields"], quadratic: Scalar, stiffness: Scalar, *, nodes: int
) -> Float[Array, "*fields node"]:
    """`a m^2 - k s(m) + h m + ln dm` at the nodes."""
    m, dm = magnetisations(nodes, h.dtype)
    return quadratic * m**2 - stiffness * entropy(m) + jnp.log(dm) + h[..., None] * m


def site(h: Float[Array, "*fields"], quadratic: Scalar, stiffness: Scalar, *, nodes: int) -> Site:
    """The site at local fields h.

    Args:
      h: local fields.
      quadratic: a, the factor of m^2.
      stiffness: k = beta gamma of a KL term, 0 without.
      nodes: of the magnetisation.
    """
    m, _ = magnetisations(nodes, h.dtype)
    w = log_weights(h, quadratic, stiffness, nodes=nodes)
    log_z = logsumexp(w, axis=-1)
    moments = jnp.exp(w - log_z[..., None]) @ jnp.stack([m, m**2, jnp.sign(m)], -1)
    return Site(log_z, moments[..., 0], moments[..., 1], moments[..., 2])


class Table(NamedTuple):
    """A site's values and slopes at h = sinh(u), u in equal steps from 0."""

    step: Float[Array, ""]
    values: Float[Array, "point 4"]
    slopes: Float[Array, "point 4"]  # d/du


def tabulate(most: Scalar, quadratic: Scalar, stiffness: Scalar, *, nodes: int, points: int, dtype) -> Table:
    """The site at `points` fields up to `most`, with its exact slopes."""
    m, _ = magnetisations(nodes, dtype)
    u = jnp.linspace(0.0, 1.0, points, dtype=dtype) * jnp.arcsinh(jnp.asarray(most, dtype))
    h = jnp.sinh(u)
    w = log_weights(h, quadratic, stiffness, nodes=nodes)
    log_z = logsumexp(w, axis=-1)
    columns = jnp.stack([m, m**2, m**3, jnp.sign(m), jnp.abs(m)], -1)
    mean, square, cube, sign, size = jnp.moveaxis(jnp.exp(w - log_z[:, None]) @ columns, -1, 0)
    slopes = jnp.stack([mean, square - mean**2, cube - square * mean, size - sign * mean], -1)
    return Table(u[1], jnp.stack([log_z, mean, square, sign], -1), slopes * jnp.cosh(u)[:, None])


def look_up(table: Table, h: Float[Array, "*fields"]) -> Site:
    """The site by cubic Hermite interpolation in arsinh(h); even and odd in h as it must be."""
    place = jnp.arcsinh(jnp.abs(h)) / table.step
    i = jnp.clip(jnp.floor(jax.lax.stop_gradient(place)), 0, table.values.shape[0] - 2).astype(int)
    t = (place - i.astype(h.dtype))[..., None]
    left, right = table.values[i], table.values[i + 1]
    up, down = table.slopes[i] * table.step, table.slopes[i + 1] * table.step
    value = (
        (1 + 2 * t) * (1 - t) ** 2 * left + t * (1 - t) ** 2 * up + t**2 * (3 - 2 * t) * right - t**2 * (1 - t) * down
    )
    odd = jnp.where(h < 0, -1.0, 1.0).astype(h.dtype)
    return Site(value[..., 0], odd * value[..., 1], value[..., 2], odd * value[..., 3])


def log_tail(g: Float[Array, "*dims"]) -> tuple[Float[Array, "*dims"], Float[Array, "*dims"]]:
    """(ln H(g), phi(g) / H(g)), H the upper tail of a standard normal: by erfc, and by its asymptotic series where that nears underflow.

    Several times faster than `jax.scipy.special.log_ndtr`; ln H is exact to rounding in the absolute sense (of H near 1 too).
    """
    far = 30.0 if jnp.finfo(g.dtype).bits > 32 else 10.0
    near = jnp.minimum(g, far)
    log_near = jnp.log(erfc(near / math.sqrt(2)) / 2)
    beyond = jnp.maximum(g, far)
    y = 1 / beyond**2
    series = y * (-1 + y * (3 + y * (-15 + y * 105)))
    log_far = -(beyond**2) / 2 - jnp.log(beyond * math.sqrt(2 * math.pi)) + jnp.log1p(series)
    hazard = jnp.exp(-(near**2) / 2 - log_near) / math.sqrt(2 * math.pi)
    return jnp.where(g > far, log_far, log_near), jnp.where(g > far, beyond / (1 + series), hazard)


def _peak(
    shift: Float[Array, " node"], steep: Float[Array, ""], beta: Scalar, steps: int = 8
) -> tuple[Float[Array, " node"], Float[Array, " node"]]:
    """Where `exp(-x^2/2) H(steep x + shift)^beta`, log-concave in x, is largest, and its width there.

    The peak lies ever further out as the shift grows: nodes about x = 0 alone lose the integral.
    """

    def slopes(x):
        g = steep * x + shift
        hazard = log_tail(g)[1]  # -(ln H)'
        return -x - beta * steep * hazard, -1 - beta * steep**2 * hazard * (hazard - g)

    def newton(_, carry):
        x, (first, second) = carry
        x = x - first / second
        return x, slopes(x)

    start = -beta * steep / (1 + beta * steep**2) * jnp.maximum(shift, 0.0)
    peak, (_, curved) = jax.lax.fori_loop(0, steps, newton, (start, slopes(start)))
    return peak, jnp.sqrt(-1 / curved)


peak_of = _peak  # for what else integrates over the same law


def energy(order: Float[Array, "3"], beta: Scalar, *, nodes: int, floor: Scalar, literal: bool = False) -> Energy:
    """`E = 2 int Dz H(z r / sqrt(q - r^2)) ln int Dx H(g)^beta`, `g = (sqrt(q* - q) x + sqrt(q) z) / sqrt(1 - q*)`, and its slopes.

    The slopes are those at fixed nodes, by hand: automatic ones cost several times more to compile and to run.

    Args:
      order: (q, r, q*).
      beta: inverse temperature of the Gibbs measure.
      nodes: of either Gaussian.
      floor: least q - r^2, q* - q, 1 - q* and q; below it the slopes are those of a constant.
      literal: both on equal steps of +-7.5 around 0, which cuts the inner integral off where its peak lies beyond (from q* of about 0.9 on
        at beta = 20); for comparison with programs that do so.
    """
    q, r, q_star = order[0], order[1], order[2]
    gaps = jnp.stack([1 - q_star, q_star - q, q - r**2, q])
    left, wide, apart, root = jnp.sqrt(jnp.maximum(gaps, floor))
    free = (gaps > floor).astype(order.dtype) / 2  # times 1 / root: the slope of a root
    steep = wide / left
    if literal:
        z, weight = equal_steps(nodes, order.dtype)
        shift, x, log_density = root * z / left, z[None], jnp.log(weight)
    else:
        z, weight = gaussian(jnp.zeros_like(q), jnp.minimum(left / root, apart / jnp.maximum(jnp.abs(r), floor)), nodes)
        shift = root * z / left
        peak, width = _peak(jax.lax.stop_gradient(shift), jax.lax.stop_gradient(steep), beta)
        reach = jnp.full_like(peak, REACH)
        x, log_dx = clustered(peak, width, peak - reach, peak + reach, nodes)
        log_density = log_dx - x**2 / 2 - math.log(2 * math.pi) / 2
    g = steep * x + shift[:, None]
    log_h, hazard = log_tail(g)
    terms = beta * log_h + log_density
    inner = logsumexp(terms, axis=-1)
    pull = -beta * hazard * jnp.exp(terms - inner[:, None])  # the inner integrand's d / dg
    along_x, along_g, along_z = jnp.sum(pull * x, -1), jnp.sum(pull * g, -1), z * jnp.sum(pull, -1)
    cut = z * r / apart
    aligned = weight * ndtr(-cut)
    tilt = -weight * z * jnp.exp(-(cut**2) / 2) / math.sqrt(2 * math.pi) * inner  # d / d(r / apart)
    d_wide, d_root = jnp.sum(aligned * along_x) / left, jnp.sum(aligned * along_z) / left
    d_left, d_ratio = -jnp.sum(aligned * along_g) / left, jnp.sum(tilt)
    s_left, s_wide, s_apart, s_root = free / jnp.stack([left, wide, apart, root])
    d_apart = -d_ratio * r / apart**2
    d_q = -d_wide * s_wide + d_root * s_root + d_apart * s_apart
    d_r = d_ratio / apart - 2 * r * d_apart * s_apart
    d_star = d_wide * s_wide - d_left * s_left
    return Energy(2 * jnp.sum(aligned * inner), 2 * jnp.stack([d_q, d_r, d_star]))


def conjugates(
    order: Float[Array, "3"], load: Scalar, beta: Scalar, *, nodes: int, floor: Scalar, literal: bool = False
) -> tuple[Float[Array, "3"], Float[Array, ""]]:
    """((q_hat, r_hat, q*_hat), alpha E): alpha (-2 dE/dq, dE/dr, dE/dq*)."""
    found = energy(order, beta, nodes=nodes, floor=floor, literal=literal)
    return load * found.slopes * jnp.asarray([-2.0, 1.0, 1.0], order.dtype), load * found.value
