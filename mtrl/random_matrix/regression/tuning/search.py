"""Optimal hyper-parameters from the predicted risk: a search in one number, and the paper's closed form for comparison."""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from mtrl.numerics.types import Scalar


class GridMinimum(NamedTuple):
    """Where a function of one non-negative number is smallest."""

    argument: Float[Array, ""]
    value: Float[Array, ""]


def minimise_nonnegative(
    f: Callable[[Float[Array, ""]], Float[Array, ""]],
    *,
    low: Scalar = 1e-4,
    high: Scalar = 1e3,
    grid: int = 33,
    iterations: int = 40,
) -> GridMinimum:
    """Minimise f over {0} and [low, high]: a grid in log argument, then golden section around the best grid point.

    Fixed length, so it can be mapped over problems. A second, lower valley narrower than the grid step would be missed. NaN
    anywhere on the grid gives NaN: no argument is known to be the best.

    Args:
      f: scalar function of one traced non-negative number.
      low, high: range of the search in the positive numbers.
      grid: number of grid points, evenly spaced in logarithm.
      iterations: golden-section steps, each shrinking the bracket by .618.
    """
    low, high = jnp.asarray(low, float), jnp.asarray(high, float)
    logs = jnp.linspace(jnp.log(low), jnp.log(high), grid)
    on_grid = jax.lax.map(lambda x: f(jnp.exp(x)), logs)
    best = jnp.argmin(on_grid)
    left, right = logs[jnp.maximum(best - 1, 0)], logs[jnp.minimum(best + 1, grid - 1)]
    golden = (5**0.5 - 1) / 2

    def shrink(bracket, _):
        left, right = bracket
        a, b = right - golden * (right - left), left + golden * (right - left)
        lower = f(jnp.exp(a)) < f(jnp.exp(b))
        return (jnp.where(lower, left, a), jnp.where(lower, b, right)), None

    (left, right), _ = jax.lax.scan(shrink, (left, right), length=iterations)
    inner = jnp.exp((left + right) / 2)
    candidates = jnp.stack([jnp.zeros_like(inner), low, inner, high])
    values = jax.lax.map(f, candidates)
    index = jnp.argmin(values)
    unknown = jnp.isnan(on_grid).any() | jnp.isnan(values).any()
    return GridMinimum(*(jnp.where(unknown, jnp.nan, part[index]) for part in (candidates, values)))


def large_n_lam(gram: Float[Array, "task task"], *, gamma: Scalar, noise: Scalar) -> Float[Array, ""]:
    """Closed form of the best lam at fixed gamma in the limit n_t/d -> inf, equal tasks: `((1/T) 1^T Omega 1/sig2 - gamma)/T`, at least 0.

    For two tasks `(((|w_1|^2+|w_2|^2)/2 + w_1.w_2)/(d sig2) - gamma)/2`. Ilbert et al. 2024 report `lam* = (n/d) SNR - gamma/2`, whose
    normalisation is not printed in the sources at hand; in the normalisation of the estimator the factor n/d is absent. It is exact at
    n_t/d -> inf, and at every n_t/d when gamma is the Bayes value; otherwise biased: minimise the exact risk instead.

    Args:
      gram: (T, T) `w_s.w_t/(Td)`; Omega = T gram.
      gamma: common task-specific strength.
      noise: common noise variance.
    """
    T = gram.shape[0]
    return jnp.maximum((jnp.sum(gram) / noise - gamma) / T, 0.0)
