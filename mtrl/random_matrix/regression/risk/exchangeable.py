"""Risk of exchangeable tasks (identity covariance, equal n_t, noise and gamma): two eigenvalues of B and one scalar equation."""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from mtrl.numerics.checks import check_nonnegative, check_positive
from mtrl.numerics.fixed_point import newton_fixed_point
from mtrl.numerics.types import Scalar
from mtrl.random_matrix.problem import check_alignment


class ExchangeableRisk(NamedTuple):
    """Average risk over tasks and the scalar it rests on."""

    test: Float[Array, ""]
    train: Float[Array, ""]
    k: Float[Array, ""]  # common kappa_t
    converged: Bool[Array, ""]


def aligned_energies(alpha: Scalar, tasks: int) -> Float[Array, " task"]:
    """S_i for |w_t|^2 = d and all pairwise cosines alpha: eigenvalues of the gram `((1-alpha) I + alpha 1 1^T)/T`, shared direction first.

    Raises:
      BadInput: alpha is below -1/(T-1): the gram is not positive semi-definite.
    """
    check_alignment(alpha, tasks)
    alpha = jnp.asarray(alpha, float)
    return jnp.concatenate([(1 + (tasks - 1) * alpha)[None], jnp.full(tasks - 1, 1 - alpha)]) / tasks


def risk_exchangeable(
    energies: Float[Array, " task"], *, gamma: Scalar, lam: Scalar, noise: Scalar, ratio: Scalar
) -> ExchangeableRisk:
    """Average predicted test risk of T exchangeable tasks, each with `ratio = n_t/d` samples per dimension.

    Eigenvalues of B: `a_1 = gamma + T lam` along 1/sqrt(T), gamma on the other T-1 directions. Solve
    `k + (1/T^2) sum_i k a_i/(1 + k a_i) = n_t/(T d)`; with `x_i = k a_i/(1 + k a_i)`,
    `R = (sig2 + (1/T) sum_i S_i (1-x_i)^2) / (1 - (d/(T n_t)) sum_i x_i^2)`.
    The left side is increasing and concave in k, so Newton steps from 0 increase to the root (the paper's route is bisection).

    Args:
      energies: (T,) `S_i = |sum_t e_it w_t|^2/(T d)` for the orthonormal directions e_i, the shared direction first.
      gamma, lam, noise: scalars.
      ratio: n_t/d, > 0.

    Raises:
      BadInput: a strength or the noise is negative, or the ratio not positive.
    """
    check_nonnegative(gamma=gamma, lam=lam, noise=noise)
    check_positive(ratio=ratio)
    T = energies.shape[0]
    a = jnp.full(T, gamma, energies.dtype).at[0].add(T * jnp.asarray(lam, energies.dtype))
    target = jnp.asarray(ratio, energies.dtype) / T

    def rate(k):
        return a / (1 + k * a)

    def f_and_slope(k):  # k - excess, 1 - its slope
        return target - k * jnp.sum(rate(k)) / T**2, -jnp.sum(a / (1 + k * a) ** 2)[None, None] / T**2

    solution = newton_fixed_point(f_and_slope, jnp.zeros(1, energies.dtype), max_iterations=200)
    k = solution.value[0]
    x, s = k * rate(k), 1 / (1 + jnp.sum(rate(k)) / T**2)  # s = k/target = 1/(1 + delta)
    test = (noise + jnp.sum(energies * (1 - x) ** 2) / T) / (1 - s * jnp.sum(x * rate(k)) / T**2)
    return ExchangeableRisk(test, test * s**2, k, solution.converged)
