"""FedRep and its ablations as one iteration.

Collins, Hassani, Mokhtari, Shakkottai 2021 (ICML), Algorithm 1, linear case. Round: a random part of the clients solves
its head on the current basis (`head_updates=0`, FedRep) or takes that many gradient steps on it (1: GD-GD, 10:
10GD-GD), each sends its gradient in B, the server takes one step along their average and orthonormalises. Clients are
functions of their moments (G_t, c_t); gradients are sums over a client's samples (no 1/n: the inputs of the paper's
experiments are N(0, I/n)).
"""

import jax
import jax.numpy as jnp

from mtrl.numerics.algorithm import Iteration
from mtrl.numerics.checks import check_positive, check_whole
from mtrl.numerics.linalg.subspaces import orthonormalise
from mtrl.numerics.types import PRNGKey, Scalar
from mtrl.representation.subspace.alternating_minimisation import fit_heads, reduced_gram
from mtrl.representation.subspace.altmin_gd import (
    Clients,
    SubspaceInfo,
    SubspaceState,
    basis_gradient,
    start_at_zero_heads,
    subspace_objective,
)


def fedrep(
    *,
    eta: Scalar,
    active: int | None = None,
    head_updates: int = 0,
    head_eta: Scalar = 0.1,
    cutoff: Scalar | None = None,
) -> Iteration:
    """FedRep on `Clients`.

    Args:
      eta: server step on the averaged gradient.
      active: clients per round, rho T; None for all (static).
      head_updates: gradient steps on a head; 0 solves it exactly (static).
      head_eta: step of those.
      cutoff: relative eigenvalue cut-off of the exact heads.
    """
    check_positive(eta=eta, head_eta=head_eta)
    check_whole(lower=0, head_updates=head_updates)

    def step(key: PRNGKey, state: SubspaceState, clients: Clients) -> tuple[SubspaceState, SubspaceInfo]:
        tasks = clients.data.cross.shape[0]
        count = tasks if active is None else active
        check_whole(upper=tasks, active=count)
        chosen = jax.random.permutation(key, tasks)[:count] if count < tasks else jnp.arange(tasks)
        data = jax.tree.map(lambda v: v[chosen], clients.data)
        if head_updates == 0:
            heads, _ = fit_heads(data, state.basis, cutoff=cutoff)
        else:
            reduced = reduced_gram(data.gram, state.basis)
            right = data.cross @ state.basis

            def descend(heads, _):
                return heads - head_eta * (jnp.einsum("trs,ts->tr", reduced, heads) - right), None

            heads, _ = jax.lax.scan(descend, state.heads[chosen], length=head_updates)
        average = basis_gradient(data, state.basis, heads) / count
        basis, _ = orthonormalise(state.basis - eta * average)
        info = SubspaceInfo(jnp.linalg.norm(average), subspace_objective(data, state.basis, heads))
        return SubspaceState(basis, state.heads.at[chosen].set(heads)), info

    return Iteration(start_at_zero_heads, step)
