"""Alternating minimisation which never holds the Gram matrices of all tasks: for T d^2 beyond 2 GiB.

The same iterates as `alternating_minimisation` (Thekumparampil et al. 2021). Heads come from X_t B alone; the system of
the basis step is accumulated by a scan over blocks of tasks, of which only one block of Gram matrices exists at a time.
Memory: the data, (dim rank)^2 and block * dim^2. Deviation: the number of tasks must be a multiple of `block`.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from mtrl.numerics.errors import BadInput
from mtrl.numerics.linalg.psd import solve_psd
from mtrl.numerics.linalg.subspaces import orthonormalise, sin_theta
from mtrl.numerics.types import Scalar
from mtrl.representation.subspace.alternating_minimisation.steps import (
    SubspaceFit,
    relative_slope,
    solve_basis,
    weighted_grams,
)


def heads_from_rows(
    x: Float[Array, "task sample dim"],
    y: Float[Array, "task sample"],
    basis: Float[Array, "dim rank"],
    *,
    cutoff: Scalar | None = None,
) -> tuple[Float[Array, "task rank"], Float[Array, " task"]]:
    """`a_t = argmin ||X_t B a - y_t||^2` and the numerical rank of X_t B, from the rows themselves."""
    features = (x.reshape(-1, x.shape[-1]) @ basis).reshape(*x.shape[:2], -1)
    reduced = jnp.einsum("tnr,tns->trs", features, features)
    return solve_psd(reduced, jnp.einsum("tnr,tn->tr", features, y), cutoff)


def alternating_minimisation_streamed(
    x: Float[Array, "task sample dim"],
    y: Float[Array, "task sample"],
    start: Float[Array, "dim rank"],
    mask: Bool[Array, "task sample"] | None = None,
    *,
    iterations: int = 20,
    block: int = 1,
    cutoff: Scalar | None = None,
) -> SubspaceFit:
    """AltMin on the rows.

    Args:
      x: inputs.
      y: responses.
      start: orthonormal B_0.
      mask: False on padding rows of unequal tasks.
      iterations: rounds (static).
      block: tasks per step of the scan, a divisor of their number (static).
      cutoff: relative eigenvalue cut-off of the head solves.

    Raises:
      BadInput: `block` does not divide the number of tasks.
    """
    tasks, samples, dim = x.shape
    rank = start.shape[1]
    if block < 1 or tasks % block:
        raise BadInput(f"block={block} does not divide the {tasks} tasks; choose a divisor")
    if mask is not None:
        x, y = jnp.where(mask[..., None], x, 0), jnp.where(mask, y, 0)
    blocks = (x.reshape(-1, block, samples, dim), y.reshape(-1, block, samples))

    def accumulate(heads, basis):
        """The system of the basis step, its right side, and the gradient at (B, A)."""

        def add(carry, part):
            system, right, slope = carry
            x_b, y_b, a_b = part
            gram = jnp.einsum("tni,tnj->tij", x_b, x_b)
            cross = jnp.einsum("tni,tn->ti", x_b, y_b)
            system = system + weighted_grams(gram, a_b)
            error = jnp.einsum("tij,tj->ti", gram, a_b @ basis.T) - cross
            return (system, right + cross.T @ a_b, slope + error.T @ a_b), None

        zero = jnp.zeros((dim, rank), x.dtype)
        carry = (jnp.zeros((rank * (rank + 1) // 2, dim, dim), x.dtype), zero, zero)
        return jax.lax.scan(add, carry, (*blocks, heads.reshape(-1, block, rank)))[0]

    def step(basis, _):
        heads, _ = heads_from_rows(x, y, basis, cutoff=cutoff)
        system, right, _ = accumulate(heads, basis)
        updated, _ = orthonormalise(solve_basis(system, right))
        return updated, sin_theta(basis, updated)

    basis, movement = jax.lax.scan(step, start, length=iterations)
    heads, head_rank = heads_from_rows(x, y, basis, cutoff=cutoff)
    _, right, slope = accumulate(heads, basis)
    return SubspaceFit(basis, heads, head_rank, movement, relative_slope(slope, right, basis))
