"""Alternating minimisation with a fresh slice of tasks in every iteration: the variant the theory analyses.

Thekumparampil et al. 2021, Algorithm 1 with sample splitting: iteration k sees only the k-th slice of the tasks, so the
data are independent of the iterate. Costs a factor `iterations` in samples; experiments use `alternating_minimisation`.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from mtrl.numerics.errors import BadInput
from mtrl.numerics.linalg.subspaces import orthonormalise, sin_theta
from mtrl.numerics.types import Scalar
from mtrl.representation.alternating_minimisation import Fit, fit_basis, fit_heads, stationarity


def alternating_minimisation_fresh(
    gram: Float[Array, "task dim dim"],
    cross: Float[Array, "task dim"],
    start: Float[Array, "dim rank"],
    *,
    iterations: int = 5,
    cutoff: Scalar | None = None,
) -> Fit:
    """AltMin in which iteration k uses tasks k T/K .. (k+1) T/K only; tasks are taken in their order (shuffle before).

    Args:
      gram: G_t.
      cross: c_t.
      start: orthonormal B_0, independent of the data.
      iterations: K slices; must divide the number of tasks (static).
      cutoff: relative eigenvalue cut-off of the head solves.

    Raises:
      BadInput: the tasks do not split into K equal slices.
    """
    tasks, dim = cross.shape
    if tasks % iterations:
        raise BadInput(f"iterations={iterations} does not divide the {tasks} tasks; choose a divisor")
    slices = (gram.reshape(iterations, -1, dim, dim), cross.reshape(iterations, -1, dim))

    def step(basis, part):
        heads, _ = fit_heads(*part, basis, cutoff=cutoff)
        updated, _ = orthonormalise(fit_basis(*part, heads, basis))
        return updated, sin_theta(basis, updated)

    basis, movement = jax.lax.scan(step, start, slices)
    heads, head_rank = fit_heads(gram, cross, basis, cutoff=cutoff)
    return Fit(basis, heads, head_rank, movement, stationarity(gram, cross, basis, heads))


def fresh_iterations(target: Scalar, start_sine: Scalar) -> Float[Array, ""]:
    """Iterations which the halving of the error per iteration asks for: `log2(start_sine / target)`."""
    return jnp.ceil(jnp.log2(start_sine / jnp.asarray(target)))
