"""The norms of the convex methods, `lam Omega(W)` with proximal map and dual norm, as `Penalty`."""

from collections.abc import Callable

import jax.numpy as jnp
from jaxtyping import Array, Float

from mtrl.numerics.optim import proximal
from mtrl.numerics.types import Scalar
from mtrl.representation.convex.solver import Penalty

Norm = Callable[[Float[Array, "dim task"]], Float[Array, ""]]


def _norm(lam: Scalar, norm: Norm, prox: Callable, dual: Norm) -> Penalty:
    """`lam Omega`; at lam = 0 only a zero gradient is feasible."""
    return Penalty(
        lambda w: lam * norm(w),
        lambda blocks, step: (prox(blocks[0], step * lam),),
        lambda slope: dual(slope) / lam,
    )


def _sum_of_rows(lam: Scalar, norm: Norm, prox: Callable, dual: Callable[[Array], Float[Array, " dim"]]) -> Penalty:
    """`lam Omega` with Omega a sum over rows, `dual` the dual norm of each of them."""
    whole = _norm(lam, norm, prox, lambda slope: jnp.max(dual(slope)))
    return whole._replace(of_rows=lambda slope: dual(slope) / lam)


def entries(lam: Scalar) -> Penalty:
    """`lam sum |W_jt|`."""
    return _sum_of_rows(
        lam, lambda w: jnp.sum(jnp.abs(w)), proximal.soft_threshold, lambda g: jnp.max(jnp.abs(g), axis=1)
    )


def rows(lam: Scalar) -> Penalty:
    """`lam sum_j ||W_j,:||_2`: a feature for all tasks or for none."""
    return _sum_of_rows(
        lam,
        lambda w: jnp.sum(proximal.row_norms(w)),
        lambda w, threshold: proximal.shrink_groups(w, threshold, axis=1),
        proximal.row_norms,
    )


def columns(lam: Scalar) -> Penalty:
    """`lam sum_t ||W_:,t||_2`: outlier tasks."""
    return _norm(
        lam,
        lambda w: jnp.sum(proximal.column_norms(w)),
        lambda w, threshold: proximal.shrink_groups(w, threshold, axis=0),
        lambda g: jnp.max(proximal.column_norms(g)),
    )


def row_maxima(lam: Scalar) -> Penalty:
    """`lam sum_j max_t |W_jt|`."""
    return _sum_of_rows(lam, proximal.l1_inf_norm, proximal.prox_l1_inf, lambda g: jnp.sum(jnp.abs(g), axis=1))


def singular_values(lam: Scalar) -> Penalty:
    """`lam ||W||_*`: a low rank."""
    return _norm(lam, proximal.trace_norm, proximal.shrink_singular_values, proximal.spectral_norm)


def squared_trace_norm(gamma: Scalar) -> Penalty:
    """`gamma ||W||_*^2`, whose conjugate is `||G||_2^2 / (4 gamma)`."""
    return Penalty(
        lambda w: gamma * proximal.trace_norm(w) ** 2,
        lambda blocks, step: (proximal.prox_squared_trace_norm(blocks[0], step * gamma),),
        conjugate=lambda slope: proximal.spectral_norm(slope) ** 2 / (4 * gamma),
    )
