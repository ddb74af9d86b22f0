"""Complexity of function classes: eluder dimension and covering numbers, by formula for linear classes and by computation for small ones.

`eluder_dimension` and `covering_number` search exhaustively on the host (NumPy, SciPy): they are for tables of a few
dozen numbers.
"""

import math

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from numpy.typing import ArrayLike

from mtrl.numerics.errors import BadInput
from mtrl.numerics.types import Scalar

_LARGEST_TABLE = 16


def linear_eluder_bound(dim: Scalar, norm_bound: Scalar, eps: Scalar) -> Float[Array, ""]:
    """Upper bound on the eluder dimension of `{x -> <theta, x> : ||theta|| <= S}` on the unit ball.

    `3 d (e / (e - 1)) log(3 + 3 (2 S / eps)^2) + 1` (Russo and Van Roy 2013, Proposition 6).

    Args:
      dim: dimension d.
      norm_bound: S.
      eps: scale.
    """
    e = math.e
    return 3.0 * dim * (e / (e - 1.0)) * jnp.log(3.0 + 3.0 * (2.0 * norm_bound / eps) ** 2) + 1.0


def linear_eluder_length(dim: Scalar, norm_bound: Scalar, eps: Scalar) -> Float[Array, ""]:
    """Length of an explicit eps-independent sequence in the linear class, hence a lower bound on its eluder dimension.

    On every axis the inputs are eps/(2S) and then multiples growing by sqrt(2), so that the energy spent on the axis
    doubles each time: `1 + ceil(2 log2(2 S / eps))` inputs per axis while they stay inside the unit ball, none when 2
    S <= eps. (Derived here; `linear_eluder_sequence` makes it and `linear_gap` checks it.)
    """
    ratio = 2.0 * norm_bound / eps
    per_axis = jnp.where(ratio > 1.0, 1.0 + jnp.ceil(2.0 * jnp.log2(jnp.maximum(ratio, 1.0))), 0.0)
    return dim * per_axis


def linear_eluder_sequence(dim: int, norm_bound: float, eps: float, margin: float = 1e-6) -> np.ndarray:
    """The sequence counted by `linear_eluder_length`, (length, dim).

    Args:
      dim, norm_bound, eps: as there.
      margin: relative amount by which every input exceeds its strict bound; must be small beside the last step's room.
    """
    per_axis = int(linear_eluder_length(1, norm_bound, eps))
    sizes: list[float] = []
    for _ in range(per_axis):
        energy = float(np.sum(np.square(sizes)))
        sizes.append(max(eps / (2.0 * norm_bound), math.sqrt(energy)) * (1.0 + margin))
    return np.kron(np.eye(dim), np.asarray(sizes)[:, None]) if sizes else np.zeros((0, dim))


def linear_gap(
    x: Float[Array, " dim"], previous: Float[Array, "sample dim"], norm_bound: Scalar, eps: Scalar, grid: int = 2001
) -> Float[Array, ""]:
    """Largest disagreement at x of two linear functions that agree on `previous`: x is eps-independent when this exceeds eps.

    `sup { <w, x> : ||w|| <= 2 S, sum_j <w, x_j>^2 <= eps^2 }`, by strong duality
    `min over m in [0, 1] of sqrt(x^T (m G / eps^2 + (1 - m) I / (4 S^2))^-1 x)`; m on a logarithmic grid from both
    ends, so the result is never below the supremum.
    """
    gram = previous.T @ previous
    values, vectors = jnp.linalg.eigh(gram)
    weights = (vectors.T @ x) ** 2
    end = jnp.logspace(-14, math.log10(0.5), grid, dtype=gram.dtype)
    mix = jnp.concatenate([jnp.zeros(1, gram.dtype), end, 1.0 - end[::-1]])[:, None]
    metric = mix * jnp.maximum(values, 0.0) / eps**2 + (1.0 - mix) / (4.0 * norm_bound**2)
    return jnp.sqrt(jnp.min(jnp.sum(weights / metric, axis=1)))


def eluder_dimension(values: ArrayLike, eps: float) -> int:
    """Eluder dimension at scale eps of a finite class on a finite set of inputs, exactly (Russo and Van Roy 2013, Definition 3).

    The longest sequence of inputs such that, for one eps' >= eps, each is eps'-independent of those before it: two
    functions differ by at most eps' in root sum of squares before it and by more than eps' on it. An eps' can be
    raised to just below the gap of some pair without breaking any condition, so only those are tried; an input never
    repeats; and independence depends on the set of earlier inputs only, so that a search over subsets is exhaustive.

    Args:
      values: (function, input) table; at most 16 inputs.
      eps: scale, positive.

    Raises:
      BadInput: the table is not two-dimensional, has more than 16 inputs, or eps is not positive.
    """
    table = np.asarray(values, dtype=float)
    if table.ndim != 2 or table.shape[1] > _LARGEST_TABLE:
        raise BadInput(
            f"eluder_dimension got a table of shape {table.shape}, but searches (function, input) tables of at most {_LARGEST_TABLE} inputs"
        )
    if not eps > 0:
        raise BadInput(f"eps got {eps}, but must be positive")
    left, right = np.triu_indices(table.shape[0], 1)
    gaps = np.abs(table[left] - table[right])  # (pair, input)
    inputs = table.shape[1]
    masks = np.arange(2**inputs)
    member = (masks[:, None] >> np.arange(inputs)) & 1  # (subset, input)
    energies = np.sqrt(member @ np.square(gaps).T)  # (subset, pair)
    best = 0
    for scale in np.unique(gaps[gaps > eps]):
        # eps' just below `scale`: before it energy < scale, on it gap >= scale.
        free = (energies < scale).astype(float) @ (gaps >= scale) > 0  # (subset, input)
        reached = np.zeros(masks.size, dtype=bool)
        reached[0] = True
        for mask in masks:  # numerical order visits every subset before its supersets
            if reached[mask]:
                for j in np.flatnonzero(free[mask] & (member[mask] == 0)):
                    reached[mask | (1 << j)] = True
        best = max(best, int(member[reached].sum(1).max()))
    return best


def covering_number(values: ArrayLike, alpha: float) -> int:
    """Smallest number of members of a finite class within sup distance alpha of all its members, exactly (integer programme).

    Args:
      values: (function, input) table.
      alpha: radius, not negative.

    Raises:
      BadInput: alpha is negative or the table is not two-dimensional.
    """
    from scipy.optimize import Bounds, LinearConstraint, milp

    table = np.asarray(values, dtype=float)
    if table.ndim != 2 or not alpha >= 0:
        raise BadInput(
            f"covering_number got a table of shape {table.shape} and alpha={alpha}, but needs (function, input) and alpha >= 0"
        )
    covers = np.max(np.abs(table[:, None] - table[None]), axis=2) <= alpha
    count = table.shape[0]
    result = milp(
        np.ones(count),
        integrality=np.ones(count),
        bounds=Bounds(0, 1),
        constraints=LinearConstraint(covers.astype(float), lb=1),
    )
    return round(float(result.fun))


def linear_log_covering(dim: Scalar, norm_bound: Scalar, alpha: Scalar) -> Float[Array, ""]:
    """Volume bound `log N <= d log(1 + 2 S / alpha)` for `{theta : ||theta|| <= S}` on the unit ball (sup norm)."""
    return dim * jnp.log1p(2.0 * jnp.asarray(norm_bound) / alpha)


def multihead_log_covering(
    log_covering: Scalar, tasks: Scalar, rank: Scalar, norm_bound: Scalar, alpha: Scalar
) -> Float[Array, ""]:
    """Covering number of M heads on ONE representation: `log N(F^M, alpha) <= log N(Phi, alpha') + M k log(1 + 2 S / alpha')`.

    alpha' = alpha / (2 S): representations alpha'-close move every head's value by S alpha' = alpha / 2, heads
    alpha/2-close by another alpha / 2 (features of norm at most 1).

    Args:
      log_covering: `log N(Phi, alpha')` at alpha' = alpha / (2 S), or an upper bound.
      tasks, rank: M, k.
      norm_bound: S, the bound on every head's norm.
      alpha: radius.
    """
    return log_covering + tasks * linear_log_covering(rank, norm_bound, alpha / 2.0)
