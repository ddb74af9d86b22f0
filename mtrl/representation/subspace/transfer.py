"""Learning a new task, with a learned representation or without.

Tripuraneni, Jin, Jordan 2021 (ICML), Algorithm 2 (`transfer`), and the plain least squares it is compared with
(`minimum_norm`, "LR" in their figures).
"""

import jax.numpy as jnp
from jaxtyping import Array, Float


def minimum_norm(
    x: Float[Array, "sample dim"], y: Float[Array, " sample"], *, cutoff: float | None = None
) -> Float[Array, " dim"]:
    """`X^+ y`: least squares, the one of least norm when sample < dim.

    Args:
      x: target inputs.
      y: target responses.
      cutoff: singular values at most this fraction of the largest count as zero; None: machine epsilon times size.
    """
    return jnp.linalg.lstsq(x, y, rcond=cutoff)[0]


def transfer(
    x: Float[Array, "sample dim"], y: Float[Array, " sample"], basis: Float[Array, "dim rank"]
) -> Float[Array, " dim"]:
    """`theta = B a`, `a = (X B)^+ y`: least squares within the span of the basis."""
    return basis @ minimum_norm(x @ basis, y)
