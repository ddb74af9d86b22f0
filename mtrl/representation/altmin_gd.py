"""AltMinGD: exact heads, one gradient step on the shared basis, orthonormalisation, over all tasks.

Thekumparampil, Jain, Netrapalli, Oh 2021. Round: (i) `a_t = argmin ||X_t B a - y_t||^2`; (ii)
`B <- B - (eta/N) sum_t X_t^T (X_t B a_t - y_t) a_t^T`, N all samples; (iii) QR. Cheaper than AltMin per round (no
(dim rank)^3 solve). Everything is a function of (G, c). FedRep is the same round over a random part of the tasks.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from mtrl.numerics.linalg.subspaces import orthonormalise
from mtrl.numerics.types import Scalar
from mtrl.representation.alternating_minimisation import fit_heads, stationarity


class Descent(NamedTuple):
    """Result of the descent."""

    basis: Float[Array, "dim rank"]  # orthonormal
    heads: Float[Array, "task rank"]  # exact heads for this basis
    objective: Float[Array, " round"]  # sum_t (a_t^T B^T G_t B a_t / 2 - a_t^T B^T c_t) before each step
    rising: Bool[Array, ""]  # the objective rose three rounds in a row: eta is above the stability limit
    residual: Float[Array, ""]  # `stationarity`


def basis_gradient(
    gram: Float[Array, "task dim dim"],
    cross: Float[Array, "task dim"],
    basis: Float[Array, "dim rank"],
    heads: Float[Array, "task rank"],
) -> Float[Array, "dim rank"]:
    """`sum_t X_t^T (X_t B a_t - y_t) a_t^T = sum_t (G_t B a_t - c_t) a_t^T`."""
    return (jnp.einsum("tij,tj->ti", gram, heads @ basis.T) - cross).T @ heads


def objective(
    gram: Float[Array, "task dim dim"],
    cross: Float[Array, "task dim"],
    basis: Float[Array, "dim rank"],
    heads: Float[Array, "task rank"],
) -> Float[Array, ""]:
    """`sum_t ||X_t B a_t - y_t||^2 / 2` less its constant `sum_t ||y_t||^2 / 2`."""
    weights = heads @ basis.T
    return jnp.sum(weights * (jnp.einsum("tij,tj->ti", gram, weights) / 2 - cross))


def stability_limit(
    gram: Float[Array, "task dim dim"], heads: Float[Array, "task rank"], samples: Scalar
) -> Float[Array, ""]:
    """Largest stable eta, about `2 / ((1/N) lambda_max(sum_t (a_t a_t^T) kron G_t))`.

    The curvature is bounded by `max_t lambda_max(G_t/n) lambda_max((n/N) sum_t a_t a_t^T)`; taken here with the mean
    Gram matrix, as for many tasks of one input law.
    """
    mean = jnp.mean(gram, axis=0)
    heads_curvature = jnp.linalg.norm(heads.T @ heads, ord=2)
    return 2 * samples / (jnp.linalg.norm(mean, ord=2) * heads_curvature)


def theoretical_step(heads: Float[Array, "task rank"]) -> Float[Array, ""]:
    """The step of the analysis, `eta = 1/(4 sigma_max^2)`, sigma_max of `A / sqrt(T)` (Collins et al. 2021, Theorem 1)."""
    return heads.shape[0] / (4 * jnp.linalg.norm(heads, ord=2) ** 2)


def rising(values: Float[Array, " round"], *, rounds: int = 3) -> Bool[Array, ""]:
    """Whether `values` rose by more than rounding `rounds` times in a row; not finite counts as rising."""
    slack = 1e3 * float(jnp.finfo(values.dtype).eps) * jnp.abs(values[:-1])
    up = ~(values[1:] <= values[:-1] + slack)
    if up.shape[0] < rounds:
        return jnp.any(~jnp.isfinite(values))
    runs = jnp.stack([up[k : up.shape[0] - rounds + 1 + k] for k in range(rounds)])
    return jnp.any(jnp.all(runs, axis=0))


def unstable(values: Float[Array, " round"], eta: Scalar, limit: Scalar) -> Bool[Array, ""]:
    """Whether eta is too large: above `limit` with three rises of `values` in all, or values that are not finite.

    Not three in a row: QR keeps B bounded, so far beyond the limit the objective jumps up and down instead of diverging. And rises
    alone do not tell: heads that nearly interpolate few samples at a random start are huge, and the objective can rise for some rounds
    at a small eta before it falls for good.
    """
    slack = 1e3 * float(jnp.finfo(values.dtype).eps) * jnp.abs(values[:-1])
    rises = jnp.sum(~(values[1:] <= values[:-1] + slack))
    return ~jnp.all(jnp.isfinite(values)) | ((eta > limit) & (rises >= 3))


def altmin_gd(
    gram: Float[Array, "task dim dim"],
    cross: Float[Array, "task dim"],
    start: Float[Array, "dim rank"],
    *,
    samples: Scalar,
    eta: Scalar = 1.0,
    iterations: int = 60,
    cutoff: Scalar | None = None,
) -> Descent:
    """AltMinGD from the orthonormal basis `start`.

    Args:
      gram: G_t.
      cross: c_t.
      start: B_0.
      samples: N = sum_t n_t.
      eta: step of the averaged gradient.
      iterations: rounds (static).
      cutoff: relative eigenvalue cut-off of the head solves.
    """

    def step(basis, _):
        heads, _ = fit_heads(gram, cross, basis, cutoff=cutoff)
        moved = basis - (eta / samples) * basis_gradient(gram, cross, basis, heads)
        return orthonormalise(moved)[0], objective(gram, cross, basis, heads)

    basis, values = jax.lax.scan(step, start, length=iterations)
    heads, _ = fit_heads(gram, cross, basis, cutoff=cutoff)
    return Descent(basis, heads, values, rising(values), stationarity(gram, cross, basis, heads))
