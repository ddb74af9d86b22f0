"""Ridge regression on visited pairs (s, a), from visit counts n and summed targets.

For features phi (cell, k), cells being the pairs (s, a): `Lam = lam I + sum_c n_c phi_c phi_c^T`, `w = Lam^-1 sum_c phi_c y_c`, squared
widths `||phi_c||^2_{Lam^-1}`, and the misfit `sum_c n_c (y_c / n_c - phi_c w)^2`. The last is the squared loss minus the scatter of
targets within cells, which is the same for every phi; leaving that out keeps differences between representations free of
cancellation.
"""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from mtrl.numerics.linalg import elimination
from mtrl.numerics.types import Scalar


class CellFit(NamedTuple):
    """Ridge fits, one per leading index."""

    values: Float[Array, "*batch cell"]  # phi w
    squares: Float[Array, "*batch cell"]  # ||phi||^2_{Lam^-1}
    misfit: Float[Array, "*batch"]


def fit_cells(
    features: Float[Array, "candidate cell rank"],
    visits: Float[Array, "task cell"],
    totals: Float[Array, "task cell"],
    ridge: Scalar,
    unroll_up_to: int = elimination.UNROLL_UP_TO,
) -> CellFit:
    """Ridge fit of every task on every candidate representation.

    Args:
      features: phi_p.
      visits: n.
      totals: summed targets per cell.
      ridge: lam, positive.
      unroll_up_to: see `mtrl.numerics.linalg.elimination`.

    Returns:
      Fits with batch axes (candidate, task).
    """
    rank = features.shape[-1]
    outer = features[..., :, None] * features[..., None, :]
    gram = jnp.einsum("pckl,mc->pmkl", outer, visits) + ridge * jnp.eye(rank, dtype=features.dtype)
    inverse = elimination.inverse(gram, unroll_up_to=unroll_up_to)
    moment = jnp.einsum("pck,mc->pmk", features, totals)
    weights = jnp.sum(inverse * moment[..., None, :], axis=-1)
    values = jnp.einsum("pck,pmk->pmc", features, weights)
    squares = jnp.einsum("pckl,pmkl->pmc", outer, inverse)
    means = totals / jnp.maximum(visits, 1.0)
    misfit = jnp.sum(visits * (means - values) ** 2, axis=-1)
    return CellFit(values, jnp.maximum(squares, 0.0), misfit)
