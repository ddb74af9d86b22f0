"""Trace norm in factored form: `min l(P Q^T) + lam/2 (||P||_F^2 + ||Q||_F^2)`, P (dim, q), Q (task, q).

For q at least the rank of the solution this has the optimum of the trace-norm problem (Srebro, Rennie, Jaakkola 2005),
since `||W||_* = min (||P||_F^2 + ||Q||_F^2)/2` over W = P Q^T. No singular value decomposition: for wide problems.
"""

import jax
import jax.numpy as jnp

from mtrl.numerics.keys import split_named
from mtrl.numerics.optim.lbfgs import minimise
from mtrl.numerics.types import PRNGKey, Scalar
from mtrl.representation import checks
from mtrl.representation.classical.loss import Loss, Weights, value


def factored_trace_norm(
    key: PRNGKey,
    loss: Loss,
    lam: Scalar,
    *,
    rank: int,
    iterations: int = 1000,
    value_tolerance: Scalar = 0.0,
    gradient_tolerance: Scalar = 1e-8,
) -> Weights:
    """L-BFGS from small random factors.

    Args:
      key: for the start.
      loss: data term.
      lam: weight of the trace norm.
      rank: q, columns of the factors (static).
      iterations: at most, static.
      value_tolerance: relative decrease at which to stop (0: only when the objective no longer falls).
      gradient_tolerance: largest gradient entry at which to stop, of the objective in scaled units.

    Returns:
      Weights; the residual is the largest gradient entry of the scaled objective.
    """
    checks.check_penalty(lam=lam)
    tasks, dim = loss.linear.shape
    keys = split_named(key, "features", "tasks")
    unit = jnp.max(jnp.abs(loss.linear))
    unit = jnp.where(unit > 0, unit, 1)
    # The objective over the unit: the same minimiser at every scale of the responses.
    scale = unit / jnp.where(loss.lipschitz > 0, loss.lipschitz, 1)

    def objective(factors):
        left, right = factors
        balanced = value(loss, scale * (left @ right.T)) + lam * scale * (jnp.sum(left**2) + jnp.sum(right**2)) / 2
        return balanced / (unit * scale)

    start = (
        jax.random.normal(keys["features"], (dim, rank), loss.linear.dtype),
        jax.random.normal(keys["tasks"], (tasks, rank), loss.linear.dtype),
    )
    start = jax.tree.map(lambda x: x / jnp.sqrt(jnp.asarray(rank, x.dtype)), start)
    found = minimise(
        objective,
        start,
        iterations=iterations,
        value_tolerance=value_tolerance,
        gradient_tolerance=gradient_tolerance,
    )
    left, right = found.point
    return Weights(scale * (left @ right.T), found.gradient_norm)
