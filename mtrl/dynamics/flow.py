"""The exact motion of singular values and vectors of a balanced product of D matrices under gradient flow (Arora et al. 2019)."""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from mtrl.dynamics.completion import Entries, Matrix, product, starting_factors
from mtrl.numerics.algorithm import Iteration
from mtrl.numerics.checks import check_positive, check_whole
from mtrl.numerics.types import PRNGKey, Scalar


class Triple(NamedTuple):
    """`P = U diag(sigma) V^T`, all singular values above 0 and distinct."""

    u: Matrix
    sigma: Float[Array, " rank"]
    v: Matrix


def rebuilt(triple: Triple) -> Matrix:
    """`P`."""
    return (triple.u * triple.sigma) @ triple.v.T


def singular_flow(triple: Triple, gradient: Matrix, *, depth: int) -> Triple:
    """Time derivatives of U, sigma and V from `G = dL/dP`, square and of full rank.

    `dsigma_r/dt = -D sigma_r^(2-2/D) g_rr`, `dU/dt = -U (F o [g S + S g^T])`, `dV/dt = -V (F o [S g + g^T S])` with `g = U^T G V` and
    `F_ij = 1 / (sigma_j^(2/D) - sigma_i^(2/D))`, which two equal singular values make infinite.
    """
    u, sigma, v = triple
    g, powers = u.T @ gradient @ v, sigma ** (2 / depth)
    apart = powers[None, :] - powers[:, None]
    off = ~jnp.eye(len(sigma), dtype=bool)
    f = jnp.where(off, 1 / jnp.where(off, apart, 1), 0)
    down = -depth * sigma ** (2 - 2 / depth) * jnp.diagonal(g)
    turn_u = -u @ (f * (g * sigma + sigma[:, None] * g.T))
    turn_v = -v @ (f * (sigma[:, None] * g + g.T * sigma))
    return Triple(turn_u, down, turn_v)


def product_flow(p: Matrix, gradient: Matrix, *, depth: int) -> Matrix:
    """The same motion of the product: `dP/dt = -sum_j (P P^T)^((j-1)/D) G (P^T P)^((D-j)/D)`."""
    u, sigma, vt = jnp.linalg.svd(p)

    def power(basis: Matrix, exponent: float) -> Matrix:
        return (basis * sigma ** (2 * exponent)) @ basis.T

    terms = [power(u, (j - 1) / depth) @ gradient @ power(vt.T, (depth - j) / depth) for j in range(1, depth + 1)]
    return -jnp.sum(jnp.stack(terms), 0)


def observed_gradient(p: Matrix, data: Entries) -> Matrix:
    """`G = dL/dP` of the observed loss."""
    return data.mask * (p - data.target) / jnp.sum(data.mask)


def _turned(basis: Matrix, move: Matrix, lr: Scalar) -> Matrix:
    """A step along `move = basis A`, A antisymmetric, that stays orthogonal (Cayley): pairs of nearly equal values turn fast."""
    a, eye = lr * basis.T @ move / 2, jnp.eye(basis.shape[1], dtype=basis.dtype)
    return basis @ jnp.linalg.solve(eye - a, eye + a)


def svd_flow(*, depth: int, lr: Scalar, scale: Scalar = 1e-3, noise: Scalar = 1e-5) -> Iteration:
    """First-order steps of `singular_flow` on the observed loss that keep bases orthogonal and values above 0 (steps of ln sigma).

    Args:
      depth: D, at least 2: a single matrix is no balanced product.
      lr: step.
      scale, noise: singular values `c + noise g` at the start, U = V = I, as `completion` with the identity start from the same key.

    Returns:
      An `Iteration` on `Entries` whose state is a `Triple`; `step` reports sigma before it.

    Raises:
      BadInput: D < 2, or lr, scale or noise not positive.
    """
    check_whole(lower=2, depth=depth, hint="the flow of one matrix is its gradient")
    check_positive(lr=lr, scale=scale, noise=noise, hint="equal singular values have no flow of their own")

    def init(key: PRNGKey, data: Entries) -> Triple:
        factors = starting_factors(key, data.target, depth=depth, scale=scale, start="identity", noise=noise)
        eye = jnp.eye(data.target.shape[0], dtype=data.target.dtype)
        return Triple(eye, jnp.diagonal(product(factors)), eye)

    def step(key: PRNGKey | None, now: Triple, data: Entries) -> tuple[Triple, Float[Array, " rank"]]:
        move = singular_flow(now, observed_gradient(rebuilt(now), data), depth=depth)
        u, v = _turned(now.u, move.u, lr), _turned(now.v, move.v, lr)
        return Triple(u, now.sigma * jnp.exp(lr * move.sigma / now.sigma), v), now.sigma

    return Iteration(init, step)
