"""FedSGD with one shared head: the global model FedRep is compared with (Collins et al. 2021, Figure 1).

Every client uses the same basis B and the same head a; both take one step along the average gradient. It is a single
linear model B a in disguise: it can fit the mean of the clients' weights and cannot find their subspace.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from mtrl.numerics.algorithm import Iteration
from mtrl.numerics.checks import check_positive
from mtrl.numerics.linalg.subspaces import orthonormalise
from mtrl.numerics.types import PRNGKey, Scalar
from mtrl.representation.subspace.altmin_gd import (
    Clients,
    SubspaceInfo,
    SubspaceState,
    basis_gradient,
    subspace_objective,
)


def fedsgd(*, eta: Scalar) -> Iteration:
    """FedSGD on `Clients`; its state holds the one head, (1, rank), which starts at (1, ..., 1)/sqrt(rank).

    Args:
      eta: step for the basis and the head, on the gradients averaged over clients.
    """
    check_positive(eta=eta)

    def init(key: PRNGKey, clients: Clients) -> SubspaceState:
        rank = clients.start.shape[1]
        return SubspaceState(clients.start, jnp.full((1, rank), rank**-0.5, clients.start.dtype))

    def step(key: PRNGKey, state: SubspaceState, clients: Clients) -> tuple[SubspaceState, SubspaceInfo]:
        tasks = clients.data.cross.shape[0]
        heads = jnp.broadcast_to(state.heads, (tasks, state.heads.shape[1]))
        average = basis_gradient(clients.data, state.basis, heads) / tasks
        basis, triangle = orthonormalise(state.basis - eta * average)
        head = state.heads - eta * head_gradient(clients, state)
        info = SubspaceInfo(jnp.linalg.norm(average), subspace_objective(clients.data, state.basis, heads))
        return SubspaceState(basis, head @ triangle.T), info

    return Iteration(init, step)


def head_gradient(clients: Clients, state: SubspaceState) -> Float[Array, "1 rank"]:
    """Gradient in the shared head, averaged over clients: `B^T mean_t (G_t B a - c_t)`."""
    error = jnp.mean(jnp.einsum("tij,j->ti", clients.data.gram, global_weights(state)) - clients.data.cross, axis=0)
    return (error @ state.basis)[None]


def global_weights(state: SubspaceState) -> Float[Array, " dim"]:
    """The one weight vector `B a` of every client."""
    return state.basis @ state.heads[0]
