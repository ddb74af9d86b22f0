"""FedSGD with one shared head: the global model FedRep is compared with (Collins et al. 2021, Figure 1).

Every client uses the same basis B and the same head a; both take one step along the average gradient. It is a single
linear model B a in disguise: it can fit the mean of the clients' weights and cannot find their subspace.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from mtrl.numerics.linalg.subspaces import orthonormalise
from mtrl.numerics.types import PRNGKey, Scalar
from mtrl.representation.altmin_gd import basis_gradient
from mtrl.representation.fedrep import Clients, Info, State


def init(key: PRNGKey, problem: Clients, config: None = None) -> State:
    """Start at `problem.start` with the shared head (1, ..., 1)/sqrt(rank), stored once, (1, rank)."""
    rank = problem.start.shape[1]
    return State(problem.start, jnp.full((1, rank), rank**-0.5, problem.start.dtype))


def step(key: PRNGKey, state: State, data: Clients, *, eta: Scalar) -> tuple[State, Info]:
    """One round over all clients.

    Args:
      key: not used.
      state: basis and the one head.
      data: all clients.
      eta: step for the basis and the head, on the gradients averaged over clients.
    """
    tasks = data.cross.shape[0]
    heads = jnp.broadcast_to(state.heads, (tasks, state.heads.shape[1]))
    average = basis_gradient(data.gram, data.cross, state.basis, heads) / tasks
    basis, triangle = orthonormalise(state.basis - eta * average)
    head = state.heads - eta * head_gradient(data, state)
    new = State(basis, head @ triangle.T)
    return new, Info(basis, jnp.linalg.norm(average))


def head_gradient(data: Clients, state: State) -> Float[Array, "1 rank"]:
    """Gradient in the shared head, averaged over clients: `B^T mean_t (G_t B a - c_t)`."""
    weights = state.basis @ state.heads[0]
    error = jnp.mean(jnp.einsum("tij,j->ti", data.gram, weights) - data.cross, axis=0)
    return (error @ state.basis)[None]


def global_weights(state: State) -> Float[Array, " dim"]:
    """The one weight vector `B a` of every client."""
    return state.basis @ state.heads[0]
