"""What every aggregator needs of the task gradients: their Gramian, sums of them, and what is to be known of a conflict.

Gradients are a pytree whose leaves have a leading task axis, row t of the Jacobian `J` in pieces; only `M = J J'` is ever one array.
"""

import functools
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from mtrl.numerics.checks import known
from mtrl.numerics.errors import BadInput

BLOCK = 8192  # columns: eight tasks of them stay in a core's cache


class Diagnostics(NamedTuple):
    """What an aggregator says of one step.

    Attributes:
      weights: alpha (task,), the direction is `sum_t alpha_t g_t`; NaN for a method that is no such sum.
      condition: `sigma_max / sigma_min` of J over its non-zero singular values (Senushkin et al. 2023, section 3.2); 1 for orthogonal
        gradients of equal norm, 0 where all are zero.
      smallest_cosine: over pairs of tasks; below 0 is a conflict, 0 for a zero gradient.
      magnitude_similarity: smallest `2 |g_i| |g_j| / (|g_i|^2 + |g_j|^2)` over pairs (Yu et al. 2020, definition 2).
      finite: whether every entry of the gradients is finite; the direction is zero where not.
    """

    weights: Float[Array, " task"]
    condition: Float[Array, ""]
    smallest_cosine: Float[Array, ""]
    magnitude_similarity: Float[Array, ""]
    finite: Bool[Array, ""]


def accumulator() -> Any:
    """Type of T x T algebra: squaring halves the digits, so float64 where it is on."""
    return jax.dtypes.canonicalize_dtype(jnp.float64)


def _products(rows: Float[Array, "task dim"]) -> Float[Array, "task task"]:
    """`J J'` of one leaf. On a CPU in blocks of columns: there the compiler copies and transposes a long matrix before it multiplies."""
    whole = rows.shape[1] // BLOCK

    def at_once(rows):
        wide = rows.astype(accumulator())
        return wide @ wide.T

    def in_blocks(rows):
        def add(total, i):
            return total + at_once(jax.lax.dynamic_slice_in_dim(rows, i * BLOCK, BLOCK, axis=1)), None

        return jax.lax.scan(add, at_once(rows[:, whole * BLOCK :]), jnp.arange(whole))[0]

    if whole < 2:
        return at_once(rows)
    return jax.lax.platform_dependent(rows, cpu=in_blocks, default=at_once)


def gramian(updates: Any) -> Float[Array, "task task"]:
    """`M = J J'`, summed leaf by leaf.

    Raises:
      BadInput: the leaves have no common task axis.
    """
    leaves = jax.tree.leaves(updates)
    sizes = {leaf.shape[0] if leaf.ndim else 0 for leaf in leaves}
    if len(sizes) != 1 or sizes == {0}:
        raise BadInput(
            f"leaves of the gradients have the leading sizes {sorted(sizes)}, but all must have one task axis first"
        )
    return functools.reduce(jnp.add, [_products(leaf.reshape(leaf.shape[0], -1)) for leaf in leaves])


def combine(updates: Any, weights: Float[Array, " task"]) -> Any:
    """`sum_t alpha_t g_t`, a pytree without the task axis."""
    return jax.tree.map(lambda leaf: jnp.tensordot(weights.astype(leaf.dtype), leaf, axes=1), updates)


def spectrum(gram: Float[Array, "task task"]) -> tuple[Array, Array, Array]:
    """Eigenvalues, eigenvectors, and which eigenvalues count: those above `lam_max T eps`, in the working type."""
    values, vectors = jnp.linalg.eigh(gram)
    kept = values > values[-1] * gram.shape[0] * jnp.finfo(gram.dtype).eps
    return values, vectors, kept


def norms(gram: Float[Array, "task task"]) -> Float[Array, " task"]:
    """`|g_t|`."""
    return jnp.sqrt(jnp.maximum(jnp.diagonal(gram), 0))


def safe(x: Array) -> Array:
    """The number, 1 where it is 0: for divisions whose result is masked."""
    return jnp.where(x > 0, x, 1)


def cosines(gram: Float[Array, "task task"]) -> Float[Array, "task task"]:
    """Cosines of all pairs; 0 where a gradient is zero."""
    length = norms(gram)
    units = length[:, None] * length[None, :]
    return jnp.where(units > 0, gram / safe(units), 0)


def diagnose(gram: Float[Array, "task task"], weights: Float[Array, " task"]) -> Diagnostics:
    """The diagnostics of one step from its Gramian."""
    finite = jnp.isfinite(gram).all()
    gram = jnp.where(finite, gram, 0)
    values, _, kept = spectrum(gram)
    smallest = jnp.min(jnp.where(kept, values, jnp.inf))
    condition = jnp.where(kept.any(), jnp.sqrt(values[-1] / safe(smallest)), 0)
    pairs = ~jnp.eye(gram.shape[0], dtype=bool)
    length = norms(gram)
    squares = length[:, None] ** 2 + length[None, :] ** 2
    similarity = jnp.where(squares > 0, 2 * length[:, None] * length[None, :] / safe(squares), 0)
    return Diagnostics(
        weights,
        condition,
        jnp.min(jnp.where(pairs, cosines(gram), jnp.inf)),
        jnp.min(jnp.where(pairs, similarity, jnp.inf)),
        finite,
    )


def check_gradients(updates: Any) -> None:
    """Name the task whose gradient is not finite, where its value is known.

    Raises:
      BadInput: an entry is NaN or infinite.
    """
    for leaf in jax.tree.leaves(updates):
        rows = known(leaf)
        if rows is not None:
            bad = [t for t in range(rows.shape[0]) if not jnp.isfinite(rows[t]).all()]
            if bad:
                raise BadInput(
                    f"the gradient of task {bad[0]} is not finite; lower the learning rate or look at its loss"
                )
