"""The point of a simplex at which a quadratic form is smallest: exactly over supports, by Frank-Wolfe, by projection."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float

from mtrl.numerics.checks import check_positive, check_whole
from mtrl.numerics.errors import BadInput
from mtrl.numerics.optim.fista import fista
from mtrl.numerics.types import Scalar

MOST_TASKS = 10  # 2^10 - 1 supports


def _check_size(gram: Array) -> int:
    tasks = gram.shape[0]
    if tasks > MOST_TASKS:
        raise BadInput(
            f"the Gram matrix has {tasks} rows, but the exact search takes at most {MOST_TASKS}; use another solver"
        )
    return tasks


def subsets(count: int) -> np.ndarray:
    """Every non-empty subset of `count` things, (2^count - 1, count) of booleans."""
    return np.array(list(itertools.product((False, True), repeat=count))[1:])


def project_simplex(point: Float[Array, " task"]) -> Float[Array, " task"]:
    """Euclidean projection onto the simplex; Optax's, which adds whole numbers to floating ones."""
    with jax.numpy_dtype_promotion("standard"):
        return optax.projections.projection_simplex(point)


def min_norm_exact(gram: Float[Array, "task task"]) -> Float[Array, " task"]:
    """`argmin_{w in simplex} w' M w`, by solving the optimality system of every support and keeping the best feasible one.

    A minimiser with affinely independent gradients in its support exists (Caratheodory), and its system
    `[[M_SS, 1], [1', 0]] (w_S, -mu) = (0, 1)` is regular; singular supports drop out.

    Args:
      gram: M, positive semi-definite, at most 10 rows.

    Returns:
      w, sums to 1; NaN where M is.

    Raises:
      BadInput: more than 10 rows.
    """
    tasks = _check_size(gram)
    dtype = gram.dtype
    supports = jnp.asarray(subsets(tasks))
    scale = jnp.max(jnp.diagonal(gram))
    scaled = gram / jnp.where(scale > 0, scale, 1)

    def at(support):
        both = support[:, None] & support[None, :]
        inner = jnp.where(both, scaled, jnp.eye(tasks, dtype=dtype))
        edge = support.astype(dtype)
        system = jnp.block([[inner, edge[:, None]], [edge[None, :], jnp.zeros((1, 1), dtype)]])
        target = jnp.zeros(tasks + 1, dtype).at[-1].set(1)
        weights = jnp.linalg.solve(system, target)[:tasks]
        feasible = jnp.all(weights >= -1e3 * jnp.finfo(dtype).eps) & jnp.isfinite(weights).all()
        weights = jnp.where(support & feasible, jnp.maximum(weights, 0), 0)
        weights = weights / jnp.where(feasible, weights.sum(), 1)
        return weights, jnp.where(feasible, weights @ scaled @ weights, jnp.inf)

    weights, values = jax.vmap(at)(supports)
    return jnp.where(jnp.isfinite(scaled).all(), weights[jnp.argmin(values)], jnp.nan)


def min_norm_frank_wolfe(
    gram: Float[Array, "task task"], *, iterations: int = 100, tolerance: Scalar = 1e-3
) -> Float[Array, " task"]:
    """The same by Frank-Wolfe from equal weights with exact steps (Sener and Koltun, NeurIPS 2018, algorithm 2).

    Stops at a step below `tolerance`: the default, that of the libraries, leaves errors of about 1e-3.
    """
    check_whole(iterations=iterations)
    check_positive(tolerance=tolerance)
    tasks = gram.shape[0]

    def body(carry, _):
        weights, done = carry
        image = gram @ weights
        t = jnp.argmin(image)
        a, b, c = image[t], weights @ image, gram[t, t]
        bend = b + c - 2 * a
        step = jnp.where(c <= a, 1, jnp.where(b <= a, 0, (b - a) / jnp.where(bend > 0, bend, 1)))
        new = (1 - step) * weights + step * jax.nn.one_hot(t, tasks, dtype=gram.dtype)
        stop = done | (step < tolerance)
        return (jnp.where(done, weights, new), stop), None

    start = jnp.full(tasks, 1 / tasks, gram.dtype)
    return jax.lax.scan(body, (start, jnp.array(False)), length=iterations)[0][0]


def min_norm_projected(gram: Float[Array, "task task"], *, iterations: int = 500) -> Float[Array, " task"]:
    """The same by accelerated projected descent, for any number of rows."""
    check_whole(iterations=iterations)
    tasks = gram.shape[0]
    bound = jnp.max(jnp.abs(gram).sum(1))
    start = jnp.full(tasks, 1 / tasks, gram.dtype)
    return fista(
        lambda w: gram @ w, lambda w, step: project_simplex(w), start, lipschitz=bound, iterations=iterations
    ).point
