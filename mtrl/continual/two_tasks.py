"""The Franz-Parisi saddle point of two tasks: the first task's law is the reference, the KL term the coupling.

| symbol | name | shape |
| --- | --- | --- |
| alpha_2, r_0, gamma | `load`, `r0`, `gamma` | () |
| law of m_1 in the gauge of teacher 1 | `law` (`single_task.magnetisation_law`) | (site,) |
| B = W_1 W_2, P(B = 1) = (1 + r_0) / 2 | summed over | |
| q_2, r_2, q_2*, and hats | as in `single_task.Saddle` | |
| p_1 = E<sign m>, p_2 = E[B <sign m>] | `p1`, `p2` | |

The site is `ln int dm exp[(q_2*_hat - q_2_hat/2) m^2 + (sqrt(q_2_hat) x + r_2_hat B) m - beta gamma kl(m, m_1)]`, of which only the local
field depends on (x, B, m_1) (see `quadrature`).

Source: Li et al., Physical Review E 108, 014309 (2023), section III B and appendix C.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from mtrl.continual.quadrature import REACH, conjugates, local_fields, look_up, magnetisations, tabulate
from mtrl.continual.saddle import check_start, solve
from mtrl.continual.single_task import COLD
from mtrl.numerics.checks import check_between, check_nonnegative, check_positive, check_share, check_whole
from mtrl.numerics.types import Scalar


class Transfer(NamedTuple):
    """A saddle point of the second task with its certificate; a curve of them has a leading axis."""

    q: Float[Array, "*point"]
    r: Float[Array, "*point"]
    q_star: Float[Array, "*point"]
    q_hat: Float[Array, "*point"]
    r_hat: Float[Array, "*point"]
    q_star_hat: Float[Array, "*point"]
    p1: Float[Array, "*point"]
    p2: Float[Array, "*point"]
    phi: Float[Array, "*point"]
    residual: Float[Array, "*point"]
    converged: Bool[Array, "*point"]
    iterations: Int[Array, "*point"]


def order_parameters(
    hats: Float[Array, "3"], law: Float[Array, " site"], r0: Scalar, stiffness: Scalar, *, fields: int, points: int
) -> tuple[Float[Array, "3"], Float[Array, "3"]]:
    """((q_2, r_2, q_2*), (p_1, p_2, S)) of conjugates.

    Args:
      hats: (q_2_hat, r_2_hat, q_2*_hat).
      law: weights of m_1 at the nodes of the magnetisation.
      r0: overlap of the teachers.
      stiffness: beta gamma.
      fields: nodes of x.
      points: tabulated local fields.
    """
    sites = law.shape[0]
    m1, _ = magnetisations(sites, hats.dtype)
    pull = stiffness * jnp.arctanh(m1)
    most = REACH * jnp.sqrt(jnp.maximum(hats[0], 0.0)) + jnp.abs(hats[1]) + jnp.max(jnp.abs(pull)) + 1.0
    table = tabulate(most, hats[2] - hats[0] / 2, stiffness, nodes=sites, points=points, dtype=hats.dtype)
    b = jnp.asarray([1.0, -1.0], hats.dtype)[:, None, None]
    chance = jnp.stack([(1 + r0) / 2 + 0 * hats[0], (1 - r0) / 2 + 0 * hats[0]])[:, None, None]
    h, weight = local_fields(hats[1] * b[..., 0] + pull, hats[0], fields)  # (B, m_1, x)
    at = look_up(table, h)
    w = chance * law[:, None] * weight
    order = jnp.stack([jnp.sum(w * at.mean**2), jnp.sum(w * b * at.mean), jnp.sum(w * at.square)])
    base = stiffness * jnp.sum(law * jnp.log1p(-(m1**2))) / 2
    return order, jnp.stack([jnp.sum(w * at.sign), jnp.sum(w * b * at.sign), jnp.sum(w * at.log_z) + base])


def transfer(
    load: Scalar,
    law: Float[Array, " site"],
    *,
    r0: Scalar,
    gamma: Scalar,
    beta: Scalar,
    start: Float[Array, "3"] | None = None,
    damping: Scalar = 0.5,
    newton: bool = True,
    tolerance: Scalar = 1e-8,
    iterations: Scalar = 500,
    nodes: int = 60,
    fields: int = 61,
    points: int = 800,
    floor: Scalar = 1e-9,
    literal: bool = False,
) -> Transfer:
    """The second task's saddle point at one load.

    Args:
      load: alpha_2.
      law: of m_1.
      r0: overlap of the teachers.
      gamma: weight of the KL term.
      beta: inverse temperature of the second task's measure.
      start: first (q_2, r_2, q_2*); that of little data when None.
      damping, newton, tolerance, iterations, floor: as in `single_task.saddle_point`.
      nodes, fields, points: quadrature of the energy and of x, tabulated local fields.
      literal: the energy's Gaussians on equal steps of +-7.5 (take 241 nodes), which cuts its inner integral off; see `quadrature.energy`.

    Raises:
      BadInput: alpha_2 or beta not above 0, gamma < 0, |r_0| > 1, damping outside (0, 1), or a start outside its domain.
    """
    check_positive(load=load, beta=beta)
    check_nonnegative(gamma=gamma)
    check_between(-1, 1, r0=r0, hint="it is the overlap of two binary teachers")
    check_share(damping=damping, hint="0.5 is usual")
    check_whole(lower=11, nodes=nodes, fields=fields, points=points)
    order = jnp.asarray(COLD, law.dtype) if start is None else start
    check_start(order)
    stiffness = beta * gamma

    def update(order):
        hats, data = conjugates(order, load, beta, nodes=nodes, floor=floor, literal=literal)
        new, (p1, p2, entropy) = order_parameters(hats, law, r0, stiffness, fields=fields, points=points)
        return new, (hats, p1, p2, data + entropy)

    found = solve(update, order, damping=damping, newton=newton, tolerance=tolerance, iterations=iterations)
    q, r, q_star = found.order
    hats, p1, p2, terms = found.beside
    phi = terms + q * hats[0] / 2 - r * hats[1] - q_star * hats[2]
    certificate = found.residual, found.converged, found.iterations
    return Transfer(q, r, q_star, hats[0], hats[1], hats[2], p1, p2, phi, *certificate)


def follow_transfer(
    loads: Float[Array, " point"],
    law: Float[Array, " site"],
    *,
    r0: Scalar,
    gamma: Scalar,
    beta: Scalar,
    start: Float[Array, "3"] | None = None,
    **how: Any,
) -> Transfer:
    """A branch along the loads alpha_2 in their order, in one scan; arguments as in `transfer`."""
    check_positive(loads=loads)
    first = jnp.asarray(COLD, law.dtype) if start is None else start
    check_start(first)

    def one(order, load):
        found = transfer(load, law, r0=r0, gamma=gamma, beta=beta, start=order, **how)
        new = jnp.stack([found.q, found.r, found.q_star])
        return jnp.where(jnp.all(jnp.isfinite(new)), new, order), found

    return jax.lax.scan(one, first, loads)[1]
