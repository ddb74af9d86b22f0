"""Method of moments for the shared subspace (LF-MoM).

Tripuraneni, Jin, Jordan 2021 (Provable Meta-Learning of Linear Representations, ICML), Algorithm 1:
`M = (1/N) sum_i y_i^2 x_i x_i^T`, and the basis is spanned by the top `rank` eigenvectors of M. It needs no head and
works with one sample per task. For x ~ N(0, I): `E M = (sigma^2 + tr Gam) I + 2 B Gam B^T`.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from mtrl.numerics.checks import check_rank
from mtrl.numerics.linalg.subspaces import top_eigenspace


def second_moment(
    x: Float[Array, "task sample dim"],
    y: Float[Array, "task sample"],
    mask: Bool[Array, "task sample"] | None = None,
    *,
    stream: bool = False,
) -> Float[Array, "dim dim"]:
    """`M = (1/N) sum_i y_i^2 x_i x_i^T` over all samples of all tasks.

    Args:
      x: inputs.
      y: responses.
      mask: False on padding rows.
      stream: accumulate task by task (a scan), so that `y x` is never held for all tasks; slower.
    """
    scaled = y if mask is None else jnp.where(mask, y, 0)
    total = jnp.asarray(y.size, x.dtype) if mask is None else jnp.sum(mask).astype(x.dtype)
    dim = x.shape[-1]
    if not stream:
        rows = (x * scaled[..., None]).reshape(-1, dim)
        return rows.T @ rows / total

    def add(matrix, task):
        x_t, y_t = task
        rows = x_t * y_t[:, None]
        return matrix + rows.T @ rows, None

    return jax.lax.scan(add, jnp.zeros((dim, dim), x.dtype), (x, scaled))[0] / total


def method_of_moments(
    x: Float[Array, "task sample dim"],
    y: Float[Array, "task sample"],
    mask: Bool[Array, "task sample"] | None = None,
    *,
    rank: int,
    stream: bool = False,
) -> Float[Array, "dim {rank}"]:
    """Orthonormal basis of the estimated subspace: top eigenvectors of `second_moment`."""
    check_rank(rank, x.shape[-1])
    return top_eigenspace(second_moment(x, y, mask, stream=stream), rank)
