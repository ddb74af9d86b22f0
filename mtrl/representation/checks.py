"""Checks at the boundary: every input outside what the methods accept is refused in one sentence, before tracing."""

import warnings

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool

from mtrl.numerics.errors import BadInput
from mtrl.numerics.types import Scalar


def check_data(x, y, mask=None) -> None:
    """Dense data: x (T, n, d) and y (T, n), floating and finite; padding of unequal tasks needs a mask.

    Args:
      x: inputs.
      y: responses.
      mask: (T, n), False on padding rows; None when all tasks have n samples.

    Raises:
      BadInput: shapes, integer responses, values that are not finite, or rows of zeros without a mask.
    """
    if np.ndim(x) != 3 or np.shape(y) != np.shape(x)[:2]:
        raise BadInput(
            f"x has shape {np.shape(x)} and y has shape {np.shape(y)}; give x as (tasks, samples, dim) and y as "
            "(tasks, samples), or flat rows with a task number through flat_moments"
        )
    if not jnp.issubdtype(jnp.asarray(y).dtype, jnp.floating):
        raise BadInput(f"y has dtype {jnp.asarray(y).dtype}; squared loss needs floating responses, cast y to float")
    x, y = np.asarray(x), np.asarray(y)
    kept = np.ones(y.shape, bool) if mask is None else np.asarray(mask)
    if kept.shape != y.shape or kept.dtype != bool:
        raise BadInput(
            f"mask has shape {kept.shape} and dtype {kept.dtype}; give booleans of the shape of y, {y.shape}"
        )
    if not (np.isfinite(x[kept]).all() and np.isfinite(y[kept]).all()):
        raise BadInput("x or y holds values that are not finite; drop those rows with mask or impute them")
    padding = (x == 0).all(-1) & (y == 0)
    if mask is None and padding.any():
        raise BadInput(
            f"{int(padding.sum())} rows are zero in x and y, which looks like padding of unequal tasks; "
            "pass mask, False on those rows"
        )


def check_rank(rank: int, dim: int, tasks: int, samples: int | None = None) -> None:
    """Refuse ranks that cannot be identified; warn where heads interpolate.

    Args:
      rank: r.
      dim: d.
      tasks: T.
      samples: samples of the smallest task; None skips the warning.

    Raises:
      BadInput: r <= 0 or r > min(d, T).
    """
    if rank <= 0:
        raise BadInput(f"rank={rank} is not positive; give a rank between 1 and min(dim, tasks)={min(dim, tasks)}")
    if rank > min(dim, tasks):
        raise BadInput(
            f"rank={rank} is above min(dim={dim}, tasks={tasks}); the heads span fewer than rank directions, "
            "lower rank or add tasks"
        )
    if samples is not None and samples < rank:
        warnings.warn(
            f"the smallest task has {samples} samples, fewer than rank={rank}: heads interpolate; "
            "least squares representation will be arbitrary, use mom",
            stacklevel=2,
        )


def check_target(rank: int, samples: int) -> None:
    """The target head needs at least `rank` samples.

    Raises:
      BadInput: n2 < r.
    """
    if samples < rank:
        raise BadInput(f"target_samples={samples} is below rank={rank}; the target head is not identified, add samples")


def check_relation(tasks: int) -> None:
    """Methods that learn relations between tasks need two.

    Raises:
      BadInput: T = 1.
    """
    if tasks < 2:
        raise BadInput(f"tasks={tasks} leaves no relation to learn; give at least 2 tasks or use single-task ridge")


def check_penalty(**weights: Scalar) -> None:
    """Penalty weights are finite and not negative. Traced ones are not looked at: check the flags they come from.

    Raises:
      BadInput: naming the weight.
    """
    for name, value in weights.items():
        if isinstance(value, jax.core.Tracer):
            continue
        value = float(value)
        if not np.isfinite(value) or value < 0:
            raise BadInput(f"{name}={value:g} is not a penalty weight; give a finite number of at least 0")


def check_l1_ratio(l1_ratio: Scalar) -> None:
    """The share of the l2,1 part; not looked at when traced.

    Raises:
      BadInput: outside [0, 1].
    """
    if isinstance(l1_ratio, jax.core.Tracer):
        return
    l1_ratio = float(l1_ratio)
    if not 0 <= l1_ratio <= 1:
        raise BadInput(f"l1_ratio={l1_ratio:g} is outside 0..1; give the share of the group penalty")


def check_clusters(clusters: int, tasks: int) -> None:
    """Clusters of tasks.

    Raises:
      BadInput: k outside 1..T.
    """
    if not 1 <= clusters <= tasks:
        raise BadInput(f"clusters={clusters} is outside 1..tasks={tasks}; give at most one cluster per task")


def check_stable(rising: bool | Bool[Array, ""], eta: Scalar, limit: Scalar) -> None:
    """Stop after a descent whose objective rose three rounds.

    Args:
      rising: `altmin_gd.Descent.rising` or `altmin_gd.unstable`.
      eta: the step that was used.
      limit: `altmin_gd.stability_limit`.

    Raises:
      BadInput: with the limit.
    """
    if bool(rising):
        raise BadInput(
            f"eta={float(eta):.4g} made the objective rise three rounds; the stability limit is about "
            f"{float(limit):.4g}, lower eta"
        )


def check_converged(name: str, converged: bool | Bool[Array, ""], gradient_norm: Scalar, iterations: Scalar) -> None:
    """Say so when a solver stopped at its last iteration: a warning with the final gradient norm.

    Args:
      name: of the solver.
      converged: its flag.
      gradient_norm: its certificate.
      iterations: how many it took.
    """
    if not bool(converged):
        warnings.warn(
            f"{name} stopped after {int(iterations)} iterations before converging; final gradient norm "
            f"{float(gradient_norm):.3e}, raise iterations",
            stacklevel=2,
        )
