"""Trace norm in factored form: `min l(P Q^T) + lam/2 (||P||_F^2 + ||Q||_F^2)`, P (dim, q), Q (task, q).

For q at least the rank of the solution this has the optimum of the trace-norm problem (Srebro, Rennie, Jaakkola 2005),
since `||W||_* = min (||P||_F^2 + ||Q||_F^2)/2` over W = P Q^T. No singular value decomposition: for wide problems.
"""

import jax
import jax.numpy as jnp

from mtrl.numerics.checks import check_positive, check_whole
from mtrl.numerics.keys import split_named
from mtrl.numerics.optim.lbfgs import minimise
from mtrl.numerics.types import PRNGKey, Scalar
from mtrl.representation.convex.penalties import singular_values
from mtrl.representation.convex.quadratic import DataTerm, gradient, largest_eigenvalue, value
from mtrl.representation.convex.solver import Weights, certified, relative_gap


def factored_trace_norm(
    key: PRNGKey,
    term: DataTerm,
    lam: Scalar,
    *,
    rank: int,
    iterations: int = 1000,
    gradient_tolerance: Scalar = 1e-8,
    gap: Scalar = 1e-6,
) -> Weights:
    """L-BFGS from small random factors.

    Args:
      key: for the start.
      term: data term.
      lam: weight of the trace norm, > 0.
      rank: q, columns of the factors (static).
      iterations: at most, static.
      gradient_tolerance: largest gradient entry at which to stop, of the objective in scaled units.
      gap: relative duality gap of the convex problem that counts as converged.
    """
    check_positive(lam=lam)
    check_whole(rank=rank)
    means = term.means
    tasks, dim = means.cross.shape
    keys = split_named(key, "features", "tasks")
    unit = jnp.max(jnp.abs(means.cross))
    unit = jnp.where(unit > 0, unit, 1)
    # The objective over the unit: the same minimiser at every scale of the responses.
    steepest, _ = largest_eigenvalue(term)
    scale = unit / jnp.where(steepest > 0, steepest, 1)

    def objective(factors):
        left, right = factors
        balanced = value(term, scale * (left @ right.T)) + lam * scale * (jnp.sum(left**2) + jnp.sum(right**2)) / 2
        return balanced / (unit * scale)

    start = (
        jax.random.normal(keys["features"], (dim, rank), means.cross.dtype),
        jax.random.normal(keys["tasks"], (tasks, rank), means.cross.dtype),
    )
    start = jax.tree.map(lambda x: x / jnp.sqrt(jnp.asarray(rank, x.dtype)), start)
    left, right = minimise(
        objective, start, iterations=iterations, value_tolerance=0.0, gradient_tolerance=gradient_tolerance
    ).point
    weights = scale * (left @ right.T)
    slope = gradient(term, weights)
    return certified(weights, relative_gap(term, singular_values(lam), weights, slope=slope), gap, slope)
