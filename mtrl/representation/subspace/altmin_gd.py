"""AltMinGD: exact heads, one gradient step on the shared basis, orthonormalisation, over all tasks.

Thekumparampil, Jain, Netrapalli, Oh 2021. Round: (i) `a_t = argmin ||X_t B a - y_t||^2`; (ii)
`B <- B - (eta/N) sum_t X_t^T (X_t B a_t - y_t) a_t^T`, N all samples; (iii) QR. Cheaper than AltMin per round (no
(dim rank)^3 solve). Everything is a function of the moments. FedRep is the same round over a random part of the tasks.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from mtrl.numerics.algorithm import Iteration
from mtrl.numerics.checks import check_positive, check_whole
from mtrl.numerics.errors import BadInput
from mtrl.numerics.linalg.subspaces import orthonormalise
from mtrl.numerics.moments import Moments
from mtrl.numerics.types import PRNGKey, Scalar
from mtrl.representation.subspace.alternating_minimisation import fit_heads


class Clients(NamedTuple):
    """What the tasks (clients) hold, and where the descent (the server) starts: the data of an `Iteration` on subspaces."""

    data: Moments
    start: Float[Array, "dim rank"]  # orthonormal B_0


class SubspaceState(NamedTuple):
    """The shared basis and the heads."""

    basis: Float[Array, "dim rank"]
    heads: Float[Array, "task rank"]


class SubspaceInfo(NamedTuple):
    """What a round reports."""

    gradient_norm: Float[Array, ""]  # of the averaged gradient in B
    objective: Float[Array, ""]  # `subspace_objective` of the tasks that took part, before the step on B


def basis_gradient(
    data: Moments, basis: Float[Array, "dim rank"], heads: Float[Array, "task rank"]
) -> Float[Array, "dim rank"]:
    """`sum_t X_t^T (X_t B a_t - y_t) a_t^T = sum_t (G_t B a_t - c_t) a_t^T`."""
    return (jnp.einsum("tij,tj->ti", data.gram, heads @ basis.T) - data.cross).T @ heads


def subspace_objective(
    data: Moments, basis: Float[Array, "dim rank"], heads: Float[Array, "task rank"]
) -> Float[Array, ""]:
    """`sum_t ||X_t B a_t - y_t||^2 / 2` less its constant `sum_t ||y_t||^2 / 2`, so that small changes are not rounded away."""
    weights = heads @ basis.T
    return jnp.sum(weights * (jnp.einsum("tij,tj->ti", data.gram, weights) / 2 - data.cross))


def stability_limit(data: Moments, heads: Float[Array, "task rank"], samples: Scalar) -> Float[Array, ""]:
    """Largest stable eta, about `2 / ((1/N) lambda_max(sum_t (a_t a_t^T) kron G_t))`.

    The curvature is bounded by `max_t lambda_max(G_t/n) lambda_max((n/N) sum_t a_t a_t^T)`; taken here with the mean
    Gram matrix, as for many tasks of one input law.

    Args:
      data: moments of the tasks.
      heads: A.
      samples: what the summed gradient is divided by, N for AltMinGD, the number of clients for FedRep.
    """
    mean = jnp.mean(data.gram, axis=0)
    heads_curvature = jnp.linalg.norm(heads.T @ heads, ord=2)
    return 2 * samples / (jnp.linalg.norm(mean, ord=2) * heads_curvature)


def theoretical_step(heads: Float[Array, "task rank"]) -> Float[Array, ""]:
    """The step of the analysis, `eta = 1/(4 sigma_max^2)`, sigma_max of `A / sqrt(T)` (Collins et al. 2021, Theorem 1)."""
    return heads.shape[0] / (4 * jnp.linalg.norm(heads, ord=2) ** 2)


def unstable(values: Float[Array, " round"], eta: Scalar, limit: Scalar) -> Bool[Array, ""]:
    """Whether eta is too large: above `limit` with three rises of `values` in all, or values that are not finite.

    Not three in a row: QR keeps B bounded, so far beyond the limit the objective jumps up and down instead of diverging. And rises
    alone do not tell: heads that nearly interpolate few samples at a random start are huge, and the objective can rise for some rounds
    at a small eta before it falls for good.
    """
    slack = 1e3 * float(jnp.finfo(values.dtype).eps) * jnp.abs(values[:-1])
    rises = jnp.sum(~(values[1:] <= values[:-1] + slack))
    return ~jnp.all(jnp.isfinite(values)) | ((eta > limit) & (rises >= 3))


def check_stable(jumped: bool | Bool[Array, ""], eta: Scalar, limit: Scalar) -> None:
    """Stop after a descent that did not descend. Host function.

    Args:
      jumped: `unstable`, of any run.
      eta: the step that was used.
      limit: `stability_limit`, the least of all runs.

    Raises:
      BadInput: with the limit.
    """
    if bool(jumped):
        raise BadInput(
            f"eta={float(eta):.4g} made the objective rise again and again; the stability limit is about {float(limit):.4g}, lower eta"
        )


def altmin_gd(*, eta: Scalar = 1.0, cutoff: Scalar | None = None) -> Iteration:
    """AltMinGD on `Clients`.

    Args:
      eta: step of the averaged gradient.
      cutoff: relative eigenvalue cut-off of the head solves.
    """
    check_positive(eta=eta)

    def step(key: PRNGKey, state: SubspaceState, clients: Clients) -> tuple[SubspaceState, SubspaceInfo]:
        data, basis = clients.data, state.basis
        heads, _ = fit_heads(data, basis, cutoff=cutoff)
        average = basis_gradient(data, basis, heads) / jnp.sum(data.count)
        info = SubspaceInfo(jnp.linalg.norm(average), subspace_objective(data, basis, heads))
        return SubspaceState(orthonormalise(basis - eta * average)[0], heads), info

    return Iteration(start_at_zero_heads, step)


def start_at_zero_heads(key: PRNGKey, clients: Clients) -> SubspaceState:
    """The given start with zero heads; the key is not used."""
    return SubspaceState(
        clients.start, jnp.zeros((clients.data.cross.shape[0], clients.start.shape[1]), clients.start.dtype)
    )


def descend(
    iteration: Iteration, clients: Clients, *, rounds: int, key: PRNGKey | None = None
) -> tuple[SubspaceState, SubspaceInfo]:
    """Rounds of an iteration on the same clients: the last state and what every round reported.

    Args:
      iteration: `altmin_gd(...)`, `fedrep(...)` or `fedsgd(...)`.
      clients: data and start.
      rounds: static.
      key: chooses the clients that take part; may be None for iterations over all of them.
    """
    check_whole(rounds=rounds)
    key = jax.random.key(0) if key is None else key
    first = iteration.init(key, clients)
    return jax.lax.scan(lambda state, k: iteration.step(k, state, clients), first, jax.random.split(key, rounds))
