"""The replica-symmetric saddle point of one task, along a whole curve of loads.

The measure is `exp(-beta (data loss + gamma KL(m, 0))) dm` on [-1, 1]^N; the paper's main figures have gamma = 0 in the first task.

| symbol | name | shape |
| --- | --- | --- |
| alpha | `load` | () or (point,) |
| q*, q, r | `q_star`, `q`, `r`: mean m^2, overlap of two replicas, overlap with the teacher | |
| q*_hat, q_hat, r_hat | `q_star_hat`, `q_hat`, `r_hat` | |
| p_1 = << sign m >> | `p` | |
| Phi = alpha E + S + q q_hat / 2 - r r_hat - q* q*_hat | `phi`: of two branches the larger one is the stable one | |

`q_hat = -2 alpha dE/dq`, `r_hat = alpha dE/dr`, `q*_hat = alpha dE/dq*`; then `r = <<m>>`, `q* = <<m^2>>`, `q = <<m>^2>`.

Source: Li et al., Physical Review E 108, 014309 (2023), section III A and appendix B.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from mtrl.continual.quadrature import conjugates, local_fields, log_weights, site
from mtrl.continual.saddle import Solved, check_start, solve
from mtrl.numerics.checks import check_nonnegative, check_positive, check_share, check_whole
from mtrl.numerics.types import Scalar

COLD = (0.1, 0.05, 0.4)  # (q, r, q*) of little data
WARM = (0.972, 0.985, 0.977)  # of a learnt task


class Saddle(NamedTuple):
    """A saddle point with its certificate; a curve of them has a leading axis."""

    q: Float[Array, "*point"]
    r: Float[Array, "*point"]
    q_star: Float[Array, "*point"]
    q_hat: Float[Array, "*point"]
    r_hat: Float[Array, "*point"]
    q_star_hat: Float[Array, "*point"]
    p: Float[Array, "*point"]
    phi: Float[Array, "*point"]
    residual: Float[Array, "*point"]
    converged: Bool[Array, "*point"]
    iterations: Int[Array, "*point"]


def order_parameters(
    hats: Float[Array, "3"], stiffness: Scalar, *, nodes: int, sites: int, literal: bool = False
) -> tuple[Float[Array, "3"], Float[Array, ""], Float[Array, ""]]:
    """((q, r, q*), p, S) of conjugates (q_hat, r_hat, q*_hat)."""
    h, weight = local_fields(hats[1], hats[0], nodes, literal)
    at = site(h, hats[2] - hats[0] / 2, stiffness, nodes=sites)
    order = jnp.stack([weight @ at.mean**2, weight @ at.mean, weight @ at.square])
    return order, weight @ at.sign, weight @ at.log_z


def _checked(
    load: Scalar, beta: Scalar, gamma: Scalar, damping: Scalar, nodes: int, sites: int, iterations: Scalar
) -> None:
    check_positive(load=load, beta=beta)
    check_nonnegative(gamma=gamma)
    check_share(damping=damping, hint="0.5 is usual")
    check_whole(lower=11, nodes=nodes, sites=sites)
    check_whole(iterations=iterations)


def finish(found: Solved) -> Saddle:
    """The saddle point at the order parameters found, with what stood beside them: (hats, p, alpha E + S)."""
    q, r, q_star = found.order
    hats, p, terms = found.beside
    phi = terms + q * hats[0] / 2 - r * hats[1] - q_star * hats[2]
    return Saddle(q, r, q_star, hats[0], hats[1], hats[2], p, phi, found.residual, found.converged, found.iterations)


def saddle_point(
    load: Scalar,
    *,
    beta: Scalar,
    gamma: Scalar = 0.0,
    start: Float[Array, "3"] | None = None,
    damping: Scalar = 0.5,
    newton: bool = True,
    tolerance: Scalar = 1e-9,
    iterations: Scalar = 500,
    nodes: int = 60,
    sites: int = 160,
    floor: Scalar = 1e-9,
    literal: bool = False,
) -> Saddle:
    """The saddle point of one task at one load, from a first guess.

    Args:
      load: alpha.
      beta: inverse temperature of the Gibbs measure.
      gamma: weight of the KL term to theta_0 = 0 (the appendix's variant), 0 in the main text.
      start: first (q, r, q*), that of little data when None.
      damping: share of the old value in an iteration.
      newton: take Newton steps where they help; False is the paper's iteration.
      tolerance: residual at which to stop.
      iterations: cap.
      nodes, sites: quadrature of the Gaussians and of the magnetisation.
      floor: least q - r^2, q* - q and 1 - q* in the energy.
      literal: Gaussians on equal steps of +-7.5 (take 241 nodes), which cuts the energy's inner integral off; see `quadrature.energy`.

    Raises:
      BadInput: alpha or beta not above 0, gamma < 0, damping outside (0, 1), or a start outside its domain.
    """
    _checked(load, beta, gamma, damping, nodes, sites, iterations)
    order = jnp.asarray(COLD, jnp.result_type(float)) if start is None else start
    check_start(order)

    def update(order):
        hats, data = conjugates(order, load, beta, nodes=nodes, floor=floor, literal=literal)
        new, p, entropy = order_parameters(hats, beta * gamma, nodes=nodes, sites=sites, literal=literal)
        return new, (hats, p, data + entropy)

    how: dict[str, Any] = dict(damping=damping, newton=newton, tolerance=tolerance, iterations=iterations)
    return finish(solve(update, order, **how))


def follow(
    loads: Float[Array, " point"],
    *,
    beta: Scalar,
    gamma: Scalar = 0.0,
    start: Float[Array, "3"] | None = None,
    **how: Any,
) -> Saddle:
    """A branch along the loads in their order: every point starts where the one before ended, in one scan.

    Two branches coexist near alpha = 1.5: ascending loads from `COLD` follow one, descending loads from `WARM` the other. A point that did
    not converge hands on its last iterate if that is finite, and says so in its certificate.

    Args:
      loads: alpha.
      beta, gamma, start: as in `saddle_point`.
      **how: its other arguments.
    """
    check_positive(loads=loads)
    first = jnp.asarray(COLD, loads.dtype) if start is None else start
    check_start(first)

    def one(order, load):
        found = saddle_point(load, beta=beta, gamma=gamma, start=order, **how)
        new = jnp.stack([found.q, found.r, found.q_star])
        return jnp.where(jnp.all(jnp.isfinite(new)), new, order), found

    return jax.lax.scan(one, first, loads)[1]


def magnetisation_law(
    found: Saddle, *, beta: Scalar, gamma: Scalar = 0.0, nodes: int = 60, sites: int = 160
) -> Float[Array, " site"]:
    """Weights of the marginal law of a magnetisation, in the gauge of the teacher, at the nodes `quadrature.magnetisations(sites)`."""
    hats = jnp.stack([found.q_hat, found.r_hat, found.q_star_hat])
    h, weight = local_fields(hats[1], hats[0], nodes)
    w = log_weights(h, hats[2] - hats[0] / 2, beta * gamma, nodes=sites)
    return weight @ jax.nn.softmax(w, axis=-1)


def fixed_variance(
    q_star: Scalar,
    *,
    load: Scalar,
    beta: Scalar,
    start: Float[Array, "3"] | None = None,
    damping: Scalar = 0.5,
    tolerance: Scalar = 1e-9,
    iterations: Scalar = 2000,
    inner: int = 8,
    nodes: int = 60,
    sites: int = 160,
    floor: Scalar = 1e-9,
) -> Saddle:
    """The saddle point among the magnetisations with a given q*, whose conjugate is found by Newton steps instead of from the energy.

    Args:
      q_star: q*.
      load, beta, damping, tolerance, iterations, nodes, sites, floor: as in `saddle_point`.
      start: first (q, r, q*_hat); (q*/2, q*/2, 0) when None.
      inner: Newton steps for q*_hat in an iteration.

    Returns:
      Saddle; `phi` is without its term in q* q*_hat's stationarity: that of the constrained measure.

    Raises:
      BadInput: q* outside (0, 1), alpha or beta not above 0.
    """
    check_share(q_star=q_star)
    _checked(load, beta, 0.0, damping, nodes, sites, iterations)
    dtype = jnp.result_type(float)
    q_star = jnp.asarray(q_star, dtype)
    first = jnp.stack([q_star / 2, q_star / 2, 0 * q_star]) if start is None else start

    def site_at(q_hat, r_hat, q_star_hat):
        return order_parameters(jnp.stack([q_hat, r_hat, q_star_hat]), 0.0, nodes=nodes, sites=sites)

    def update(state):
        q, r, hat = state
        (q_hat, r_hat, _), data = conjugates(jnp.stack([q, r, q_star]), load, beta, nodes=nodes, floor=floor)

        def newton(_, hat):
            short, slope = jax.value_and_grad(lambda c: site_at(q_hat, r_hat, c)[0][2] - q_star)(hat)
            return hat - jnp.clip(short / jnp.maximum(slope, 1e-12), -50.0, 50.0)

        hat = jax.lax.fori_loop(0, inner, newton, hat)
        new, p, entropy = site_at(q_hat, r_hat, hat)
        # q < q* and r^2 < q hold for the map's values, and so for every mixture of them
        beside = jnp.stack([q_hat, r_hat, hat]), p, data + entropy
        return jnp.stack([jnp.minimum(new[0], q_star), new[1], hat]), new[2] - q_star, beside

    def once(carry):
        _, state, _, i, _ = carry
        new, short, beside = update(state)
        residual = jnp.maximum(jnp.max(jnp.abs(new - state)[:2]), jnp.abs(short))
        return state, (damping * state + (1 - damping) * new).at[2].set(new[2]), residual, i + 1, beside

    def go_on(carry):
        state, _, residual, i, _ = carry
        return (residual > tolerance) & jnp.isfinite(jnp.sum(state)) & (i < iterations)

    zero = jnp.zeros((), dtype)
    none = (jnp.zeros(3, dtype), zero, zero)
    begin = (first, first, zero + jnp.inf, jnp.asarray(0), none)
    state, _, residual, i, beside = jax.lax.while_loop(go_on, once, begin)
    order = jnp.stack([state[0], state[1], q_star])
    return finish(Solved(order, residual, residual <= tolerance, i, beside))
