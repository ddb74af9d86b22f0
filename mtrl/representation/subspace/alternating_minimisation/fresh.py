"""Alternating minimisation with a fresh slice of tasks in every iteration: the variant the theory analyses.

Thekumparampil et al. 2021, Algorithm 1 with sample splitting: iteration k sees only the k-th slice of the tasks, so the
data are independent of the iterate. Costs a factor `iterations` in samples; experiments use `alternating_minimisation`.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from mtrl.numerics.errors import BadInput
from mtrl.numerics.linalg.subspaces import sin_theta
from mtrl.numerics.moments import Moments
from mtrl.numerics.types import Scalar
from mtrl.representation.subspace.alternating_minimisation.reused import step
from mtrl.representation.subspace.alternating_minimisation.steps import SubspaceFit, finished


def alternating_minimisation_fresh(
    data: Moments, start: Float[Array, "dim rank"], *, iterations: int = 5, cutoff: Scalar | None = None
) -> SubspaceFit:
    """AltMin in which iteration k uses tasks k T/K .. (k+1) T/K only; tasks are taken in their order (shuffle before).

    Args:
      data: moments of the tasks.
      start: orthonormal B_0, independent of the data.
      iterations: K slices; must divide the number of tasks (static).
      cutoff: relative eigenvalue cut-off of the head solves.

    Raises:
      BadInput: the tasks do not split into K equal slices.
    """
    tasks = data.cross.shape[0]
    if iterations < 1 or tasks % iterations:
        raise BadInput(f"iterations={iterations} does not divide the {tasks} tasks; choose a divisor")

    def round(basis, part):
        updated = step(part, basis, cutoff)
        return updated, sin_theta(basis, updated)

    slices = jax.tree.map(lambda v: v.reshape(iterations, -1, *v.shape[1:]), data)
    basis, movement = jax.lax.scan(round, start, slices)
    return finished(data, basis, movement, cutoff)


def fresh_iterations(target: Scalar, start_sine: Scalar) -> Float[Array, ""]:
    """Iterations which the halving of the error per iteration asks for: `log2(start_sine / target)`."""
    return jnp.ceil(jnp.log2(start_sine / jnp.asarray(target)))
