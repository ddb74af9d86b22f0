"""T quadratics in n parameters whose Pareto set is known: which of its points does a method stop at?

L_i(x) = 0.5 (x - c_i)' H_i (x - c_i), H_i positive definite with eigenvalues from 1 down to 1/condition in a basis of its own. The
Pareto set is { x(w) : w in the simplex }, x(w) = (sum_i w_i H_i)^-1 sum_i w_i H_i c_i, the minimiser of the weighted sum. A descent that
converges to the stationary point of the preferred sum (mean, Aligned-MTL by its Theorem 1, CAGrad with c < 1) ends at x(preference) from
anywhere; MGDA, IMTL-G, Nash-MTL and PCGrad stop at any Pareto point, depending on the start.

Symbols: H_i -> hessians (task, dim, dim); c_i -> centres (task, dim); w -> weights (task,).
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from mtrl.numerics.checks import check_positive, check_whole
from mtrl.numerics.errors import BadInput
from mtrl.numerics.keys import split_named
from mtrl.numerics.optim.min_norm import min_norm_projected
from mtrl.numerics.types import PRNGKey, Scalar


class Quadratics(NamedTuple):
    """T quadratics."""

    hessians: Float[Array, "task dim dim"]
    centres: Float[Array, "task dim"]


class Stop(NamedTuple):
    """Which Pareto point lies where a descent stopped."""

    weights: Float[Array, " task"]  # of the Pareto point x(w)
    distance: Float[Array, ""]  # |x - x(w)|
    slope: Float[Array, ""]  # |sum_i w_i grad L_i(x)| / max_i |grad L_i(x)|: 0 iff x is Pareto stationary
    converged: Bool[Array, ""]  # slope <= tolerance


def sample(key: PRNGKey, *, tasks: int, dim: int, condition: Scalar = 1e3, spread: Scalar = 1.0) -> Quadratics:
    """Random bases, eigenvalues equally spaced in logarithms from 1/condition to 1, centres N(0, spread^2 I).

    Raises:
      BadInput: fewer than two tasks, a dimension below 1, a condition number below 1, a spread that is not positive.
    """
    check_whole(tasks=tasks, lower=2, hint="one quadratic has no conflict")
    check_whole(dim=dim)
    check_positive(condition=condition, spread=spread)
    keys = split_named(key, "bases", "centres")
    bases = jnp.linalg.qr(jax.random.normal(keys["bases"], (tasks, dim, dim))).Q
    values = jnp.exp(-jnp.linspace(0.0, 1.0, dim) * jnp.log(jnp.asarray(condition, float)))
    hessians = jnp.einsum("tij,j,tkj->tik", bases, values, bases)
    return Quadratics(hessians, jnp.asarray(spread, float) * jax.random.normal(keys["centres"], (tasks, dim)))


def losses(problem: Quadratics, x: Float[Array, " dim"]) -> Float[Array, " task"]:
    """All T losses at a point."""
    gap = x - problem.centres
    return 0.5 * jnp.einsum("ti,tij,tj->t", gap, problem.hessians, gap)


def gradients(problem: Quadratics, x: Float[Array, " dim"]) -> Float[Array, "task dim"]:
    """The Jacobian in closed form."""
    return jnp.einsum("tij,tj->ti", problem.hessians, x - problem.centres)


def pareto_point(problem: Quadratics, weights: Float[Array, " task"]) -> Float[Array, " dim"]:
    """x(w), the minimiser of sum_i w_i L_i.

    Raises:
      BadInput: as many weights as tasks are needed.
    """
    if weights.shape != problem.centres.shape[:1]:
        raise BadInput(f"weights have shape {weights.shape}, but there are {problem.centres.shape[0]} tasks")
    total = jnp.einsum("t,tij->ij", weights, problem.hessians)
    return jnp.linalg.solve(total, jnp.einsum("t,tij,tj->i", weights, problem.hessians, problem.centres))


def stop(problem: Quadratics, x: Float[Array, " dim"], *, tolerance: Scalar = 1e-3, iterations: int = 500) -> Stop:
    """The Pareto point whose weights make the weighted gradient at `x` smallest, after gradients are scaled to one length.

    The weights come from accelerated projected descent on the simplex over unit gradients; they are given for the gradients as they are.
    """
    rows = gradients(problem, x)
    norms = jnp.linalg.norm(rows, axis=-1)
    safe = jnp.where(norms > 0, norms, 1.0)
    gram = (rows / safe[:, None]) @ (rows / safe[:, None]).T
    unit = min_norm_projected(gram, iterations=iterations)
    weights = unit / safe / jnp.sum(unit / safe)
    slope = jnp.sqrt(jnp.maximum(unit @ gram @ unit, 0.0))
    distance = jnp.linalg.norm(x - pareto_point(problem, weights))
    return Stop(weights, distance, slope, slope <= jnp.asarray(tolerance, slope.dtype))
