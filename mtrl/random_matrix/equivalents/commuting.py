"""Deterministic equivalent when the task covariances commute: `dim` independent T x T problems instead of one Td x Td.

Written in the common eigenbasis o_j of all Sigma_t. With Sigma_t = I there is one mode of multiplicity d.
"""

from typing import Any

import jax.numpy as jnp
from jaxtyping import Array, Float, Real

from mtrl.numerics.checks import check_nonnegative, check_psd
from mtrl.numerics.linalg import elimination
from mtrl.random_matrix.equivalents.resolvent import Equivalent, solve


def coupled_inverse(B: Float[Array, "task task"], k: Float[Array, "*mode task"]) -> Float[Array, "*mode task task"]:
    """`(B^-1 + diag(k))^-1 = (I + B diag(k))^-1 B` without B^-1: B may be singular."""
    T = B.shape[-1]
    system = jnp.eye(T, dtype=B.dtype) + B * k[..., None, :]
    inverse = elimination.solve(system, jnp.broadcast_to(B, (*k.shape[:-1], T, T)))
    return (inverse + jnp.swapaxes(inverse, -1, -2)) / 2


def equivalent_commuting(
    B: Float[Array, "task task"],
    n: Real[Array, " task"],
    eigenvalues: Float[Array, "task mode"],
    multiplicity: Real[Array, " mode"],
    **options: Any,
) -> Equivalent:
    """Solve `delta_t = (1/(Td)) sum_j m_j l_tj [P_j]_tt`, `P_j = (B^-1 + diag(kappa_t l_tj))^-1`.

    Args:
      B: (T, T) PSD coupling of the tasks.
      n: (T,) samples per task.
      eigenvalues: (T, modes) eigenvalue l_tj of Sigma_t for mode j.
      multiplicity: (modes,) number m_j of eigenvectors of mode j; their sum is d.
      options: newton, tolerance, max_iterations of `resolvent.solve`.
    """
    check_psd(B=B)
    check_nonnegative(eigenvalues=eigenvalues)
    values, m = eigenvalues.astype(B.dtype), multiplicity.astype(B.dtype)
    scale = B.shape[0] * jnp.sum(m)

    def blocks(kappa):
        P = coupled_inverse(B, (kappa[:, None] * values).T)
        traces = jnp.einsum("j,tj,jtt->t", m, values, P) / scale
        return P, traces, jnp.einsum("j,sj,rj,jsr,jsr->sr", m, values, values, P, P) / scale

    return solve(blocks, n=n, scale=scale, start=jnp.diagonal(B) * (values @ m) / scale, **options)
