"""Factored least squares by local search from a random start (LF-FO, first order).

Tripuraneni, Jin, Jordan 2021 (ICML), section 4: minimise over U (task, rank) and V (dim, rank)
`(2/N) sum_i (y_i - x_i^T V u_t(i))^2 + (1/2) ||U^T U - V^T V||_F^2`. Their released code uses the objective divided by
4, `(1/2N) sum_t ||y_t - X_t V u_t||^2 + (1/8) ||V^T V - U^T U||_F^2`, kept here because the solver's tolerances are
absolute in the gradient; entries of the start are N(0, 1) and the solver is L-BFGS (at most 1000 iterations, SciPy's
stopping rules). The subspace is spanned by the left singular vectors of V. The balancing term leaves the minimising
product as it is, so the minimiser is that of rank-r least squares (Du et al. 2021).

With n <= rank samples per task (n = rank included) every task is interpolated at every basis: the objective has no unique minimum, the
search ends with `converged` True at an arbitrary subspace. `fit` warns; `method_of_moments` still learns there.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from mtrl.numerics.checks import check_rank
from mtrl.numerics.keys import split_named
from mtrl.numerics.linalg.subspaces import orthonormalise
from mtrl.numerics.optim.lbfgs import minimise
from mtrl.numerics.types import PRNGKey, Scalar


class Factored(NamedTuple):
    """Fitted factors."""

    basis: Float[Array, "dim rank"]  # orthonormal basis of the span of V
    heads: Float[Array, "task rank"]  # U in that basis: theta_t = basis @ heads[t]
    value: Float[Array, ""]  # objective
    gradient_norm: Float[Array, ""]  # largest absolute gradient entry where the search stopped
    iterations: Int[Array, ""]
    converged: Bool[Array, ""]


def factored_objective(
    factors: tuple[Float[Array, "task rank"], Float[Array, "dim rank"]],
    x: Float[Array, "task sample dim"],
    y: Float[Array, "task sample"],
    samples: Scalar,
) -> Float[Array, ""]:
    """`(1/2N) sum_t ||y_t - X_t V u_t||^2 + (1/8) ||V^T V - U^T U||_F^2` at factors (U, V), N = `samples`."""
    u, v = factors
    theta = u @ v.T  # first, so that both passes over the data cost d and not d r operations an entry
    residual = jnp.einsum("tnd,td->tn", x, theta) - y
    imbalance = v.T @ v - u.T @ u
    return jnp.sum(residual**2) / (2 * samples) + jnp.sum(imbalance**2) / 8


def factored_least_squares(
    key: PRNGKey,
    x: Float[Array, "task sample dim"],
    y: Float[Array, "task sample"],
    samples: Scalar | None = None,
    start: tuple[Float[Array, "task rank"], Float[Array, "dim rank"]] | None = None,
    *,
    rank: int,
    iterations: int = 1000,
    value_tolerance: Scalar = 2.2e-9,
    gradient_tolerance: Scalar = 1e-5,
) -> Factored:
    """Local search from N(0, 1) factors.

    Args:
      key: for the start, unless one is given.
      x: inputs. Rows made by `mtrl.numerics.moments.rows_from_moments` give the same problem with `dim` rows per task.
      y: responses; padding rows of unequal tasks are zero in x and y.
      samples: N; None stands for the number of entries of y (set it for padded or compressed rows).
      start: factors (U, V) to start from; None draws their entries from N(0, 1).
      rank: columns r.
      iterations: at most, static.
      value_tolerance: relative decrease of the objective at which to stop.
      gradient_tolerance: largest gradient entry at which to stop.
    """
    tasks, _, dim = x.shape
    check_rank(rank, min(dim, tasks), what="the smaller of dimension and number of tasks")
    if start is None:
        keys = split_named(key, "heads", "basis")
        start = (
            jax.random.normal(keys["heads"], (tasks, rank), x.dtype),
            jax.random.normal(keys["basis"], (dim, rank), x.dtype),
        )
    total = y.size if samples is None else samples
    found = minimise(
        lambda factors: factored_objective(factors, x, y, total),
        start,
        iterations=iterations,
        value_tolerance=value_tolerance,
        gradient_tolerance=gradient_tolerance,
    )
    u, v = found.point
    basis, triangle = orthonormalise(v)
    return Factored(basis, u @ triangle.T, found.value, found.gradient_norm, found.iterations, found.converged)
