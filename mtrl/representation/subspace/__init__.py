"""Linear regressions that share a subspace: `theta_t = B a_t` with B (dim, rank) orthonormal and heads a_t.

| part | what | paper |
| --- | --- | --- |
| `sample`, `sample_unit_rows`, `draw`, `draw_target`, `structured` | problems with a known truth | all of these |
| `method_of_moments` | top eigenvectors of `mean y^2 x x^T` | Tripuraneni, Jin, Jordan 2021 |
| `factored_least_squares` | local search over both factors | the same |
| `alternating_minimisation`, `..._fresh`, `..._streamed` | exact heads, exact basis | Thekumparampil et al. 2021 |
| `altmin_gd`, `fedrep`, `fedsgd`, run by `descend` | exact heads, a step on the basis | the same; Collins et al. 2021 |
| `iterative_hard_thresholding`, `reduced_rank_regression` | the matrix of all weights | Jain et al. 2010; Izenman 1975 |
| `transfer`, `minimum_norm` | a new task, with the subspace and without | Tripuraneni et al. 2021 |
| `theory` (module) | laws and rates on the simulations' axes | all of them |

`fit` takes lists of tasks of any sizes.

>>> import jax, jax.numpy as jnp
>>> from jax import jit
>>> jax.config.update("jax_enable_x64", True)
>>> from mtrl.representation.subspace import draw, draw_target, fit, sample, target_weights, transfer
>>> params = sample(jax.random.key(0), tasks=50, dim=10, rank=2, noise=0.1)
>>> x, y = draw(jax.random.key(1), params, samples=12)
>>> found = fit(list(x), list(y), rank=2)
>>> bool(found.residual < 1e-8)
True
>>> x_new, y_new = draw_target(jax.random.key(2), params, samples=5)  # half as many samples as dimensions
>>> theta = jit(transfer)(x_new, y_new, found.basis)
>>> bool(jnp.linalg.norm(theta - target_weights(params)) < 0.2)
True
"""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from mtrl.numerics.checks import check_choice, warn_unconverged
from mtrl.numerics.moments import moments
from mtrl.numerics.types import PRNGKey
from mtrl.representation.subspace import theory
from mtrl.representation.subspace.alternating_minimisation import (
    SubspaceFit,
    alternating_minimisation,
    alternating_minimisation_fresh,
    alternating_minimisation_streamed,
    fit_basis,
    fit_heads,
    fresh_iterations,
    ridge_start,
    stationarity,
)
from mtrl.representation.subspace.alternating_minimisation.steps import finished
from mtrl.representation.subspace.altmin_gd import (
    Clients,
    SubspaceInfo,
    SubspaceState,
    altmin_gd,
    basis_gradient,
    check_stable,
    descend,
    stability_limit,
    subspace_objective,
    theoretical_step,
    unstable,
)
from mtrl.representation.subspace.factored_least_squares import Factored, factored_least_squares, factored_objective
from mtrl.representation.subspace.fedrep import fedrep
from mtrl.representation.subspace.fedsgd import fedsgd, global_weights
from mtrl.representation.subspace.iterative_hard_thresholding import iterative_hard_thresholding
from mtrl.representation.subspace.method_of_moments import method_of_moments, second_moment
from mtrl.representation.subspace.problem import (
    SubspaceParams,
    check_identified,
    diversity,
    draw,
    draw_target,
    random_basis,
    sample,
    sample_unit_rows,
    target_weights,
    warn_interpolating,
)
from mtrl.representation.subspace.reduced_rank import reduced_rank_regression
from mtrl.representation.subspace.structures import STRUCTURES, Structured, structured, structured_weights
from mtrl.representation.subspace.transfer import minimum_norm, transfer
from mtrl.representation.tasks import pack_tasks

__all__ = [
    "STRUCTURES", "Clients", "Factored", "Structured", "SubspaceFit", "SubspaceInfo", "SubspaceParams",
    "SubspaceState", "alternating_minimisation", "alternating_minimisation_fresh",
    "alternating_minimisation_streamed", "altmin_gd", "basis_gradient", "check_identified", "check_stable",
    "descend", "diversity", "draw", "draw_target", "factored_least_squares", "factored_objective", "fedrep",
    "fedsgd", "fit", "fit_basis", "fit_heads", "fresh_iterations", "global_weights", "iterative_hard_thresholding",
    "method_of_moments", "minimum_norm", "random_basis", "reduced_rank_regression", "ridge_start", "sample",
    "sample_unit_rows", "second_moment", "stability_limit", "stationarity", "structured", "structured_weights",
    "subspace_objective", "target_weights", "theoretical_step", "theory", "transfer", "unstable",
]  # fmt: skip

METHODS = ("alternating", "moments", "factored")


def fit(
    x: Sequence[Any] | np.ndarray | Array,
    y: Sequence[Any] | np.ndarray | Array,
    *,
    rank: int,
    method: str = "alternating",
    iterations: int | None = None,
    mask: Any = None,
    key: PRNGKey | None = None,
) -> SubspaceFit:
    """Learn the subspace of tasks given as arrays or lists of any sizes. Host function.

    Args:
      x: one (n_t, d) array per task, or (T, n, d).
      y: one (n_t,) array per task, or (T, n).
      rank: r, at most the dimension and the number of tasks.
      method: "alternating" minimisation from the method of moments; "moments" alone, which learns from single samples; "factored" search.
      iterations: 50 alternations or 1000 steps of the search when None.
      mask: (T, n), False on padding rows of arrays padded already.
      key: start of the factored search.

    Returns:
      `SubspaceFit`; the weights of task t are `basis @ heads[t]`.

    Raises:
      BadInput: data that cannot be meant (see `pack_tasks`), or a rank that the tasks cannot tell.
    Warns:
      when least squares heads interpolate (a task with no more samples than the rank), or the search stops before converging.
    """
    check_choice("method", method, METHODS)
    tasks = pack_tasks(x, y, mask)
    check_identified(rank, tasks.x.shape[2], tasks.x.shape[0])
    smallest = int(jnp.min(jnp.sum(tasks.mask, axis=1)))
    if method != "moments" and smallest <= rank:
        warn_interpolating(rank, smallest)
    data, none, done = moments(*tasks), jnp.zeros(0, tasks.x.dtype), True
    start = method_of_moments(*tasks, rank=rank)
    if method == "alternating":
        found = alternating_minimisation(data, start, iterations=iterations or 50)
        done = found.residual < 1e-6
    elif method == "factored":
        key, total = jax.random.key(0) if key is None else key, jnp.sum(data.count)
        search = factored_least_squares(key, tasks.x, tasks.y, total, rank=rank, iterations=iterations or 1000)
        found, done = finished(data, search.basis, none), search.converged
    else:
        found = finished(data, start, none)
    warn_unconverged(f"subspace.fit, {method}", done, residual=found.residual)
    return found
