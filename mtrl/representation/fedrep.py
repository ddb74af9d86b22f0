"""FedRep and its ablations as one online algorithm.

Collins, Hassani, Mokhtari, Shakkottai 2021 (ICML), Algorithm 1, linear case. Round: a random part of the clients solves
its head on the current basis (`head_updates=0`, FedRep) or takes that many gradient steps on it (1: GD-GD, 10:
10GD-GD), each sends its gradient in B, the server takes one step along their average and orthonormalises. Clients are
functions of their moments (G_t, c_t); gradients are sums over a client's samples (no 1/n: the inputs of the paper's
experiments are N(0, I/n)).
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from mtrl.numerics.linalg.subspaces import orthonormalise
from mtrl.numerics.types import PRNGKey, Scalar
from mtrl.representation.alternating_minimisation import fit_heads, reduced_gram
from mtrl.representation.altmin_gd import basis_gradient


class Clients(NamedTuple):
    """What the clients hold, and where the server starts."""

    gram: Float[Array, "task dim dim"]  # G_t
    cross: Float[Array, "task dim"]  # c_t
    start: Float[Array, "dim rank"]  # orthonormal B_0


class State(NamedTuple):
    """Server's basis and the clients' heads."""

    basis: Float[Array, "dim rank"]
    heads: Float[Array, "task rank"]


class Info(NamedTuple):
    """What a round reports."""

    basis: Float[Array, "dim rank"]  # after the round
    gradient_norm: Float[Array, ""]  # of the averaged gradient


def init(key: PRNGKey, problem: Clients, config: None = None) -> State:
    """Start at `problem.start` with zero heads; `key` and `config` are not used."""
    return State(problem.start, jnp.zeros((problem.cross.shape[0], problem.start.shape[1]), problem.start.dtype))


def step(
    key: PRNGKey,
    state: State,
    data: Clients,
    *,
    eta: Scalar,
    active: int,
    head_updates: int = 0,
    head_eta: Scalar = 0.1,
) -> tuple[State, Info]:
    """One communication round.

    Args:
      key: chooses the active clients.
      state: before the round.
      data: all clients (only the active ones are read).
      eta: server step on the averaged gradient.
      active: clients per round (static), rho T.
      head_updates: gradient steps on a head; 0 solves it exactly (static).
      head_eta: step of those.
    """
    tasks = data.cross.shape[0]
    chosen = jax.random.permutation(key, tasks)[:active] if active < tasks else jnp.arange(tasks)
    gram, cross = data.gram[chosen], data.cross[chosen]
    if head_updates == 0:
        heads, _ = fit_heads(gram, cross, state.basis)
    else:
        reduced = reduced_gram(gram, state.basis)
        right = cross @ state.basis

        def descend(heads, _):
            return heads - head_eta * (jnp.einsum("trs,ts->tr", reduced, heads) - right), None

        heads, _ = jax.lax.scan(descend, state.heads[chosen], length=head_updates)
    average = basis_gradient(gram, cross, state.basis, heads) / active
    basis, _ = orthonormalise(state.basis - eta * average)
    new = State(basis, state.heads.at[chosen].set(heads))
    return new, Info(basis, jnp.linalg.norm(average))
