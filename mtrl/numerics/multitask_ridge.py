"""Multitask ridge from per-task Gram matrices: every coupling strength from one eigendecomposition per task.

The estimator ties T linear maps by `W_t = W_0 + V_t` and solves (Ilbert et al. 2024, arXiv 2406.10327, section 3)

    min |W_0|^2/(2 lam) + sum_t |V_t|^2/(2 gamma_t) + (1/2) sum_t |Y_t - X_t^T W_t/sqrt(T d)|^2.

Its data enter only through `G_t = X_t X_t^T/(T d)` and `c_t = X_t Y_t/sqrt(T d)`, taken from `Moments` with q
outputs. Eliminating V_t leaves one d x d system for the centre (the Schur complement of the Td x Td normal equations; derived here,
checked against the direct solve):

    R_t = (I + gamma_t G_t)^-1,   M = sum_t R_t G_t,
    W_0 = lam (I + lam M)^-1 sum_t R_t c_t,   V_t = gamma_t R_t (c_t - G_t W_0),   W_t = R_t (W_0 + gamma_t c_t).

Nothing of size Td x Td or samples x features is formed, and gamma_t = 0 and lam = 0 are allowed. LARGE lam means much sharing.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from mtrl.numerics.checks import check_finite, check_nonnegative, check_positive
from mtrl.numerics.moments import Moments
from mtrl.numerics.types import Scalar


class Spectra(NamedTuple):
    """Eigendecompositions `G_t = U_t diag(s_t) U_t^T` and the rotated targets."""

    vectors: Float[Array, "task dim dim"]  # U_t, columns
    values: Float[Array, "task dim"]  # s_t >= 0: rounding below zero is set to zero, as G_t is a Gram matrix
    rotated: Float[Array, "task dim output"]  # U_t^T c_t


class Coupled(NamedTuple):
    """What is shared by every lam at one gamma: `M = E diag(m) E^T` and the projections on E."""

    gamma: Float[Array, " task"]
    basis: Float[Array, "dim dim"]  # E
    values: Float[Array, " dim"]  # m >= 0
    pull: Float[Array, "dim output"]  # E^T sum_t R_t c_t
    freedom: Float[Array, "task dim"]  # diag(E^T R_t G_t R_t E)


class MultitaskRidge(NamedTuple):
    """The fit at one (gamma, lam)."""

    centre: Float[Array, "dim output"]  # W_0
    weights: Float[Array, "task dim output"]  # W_t = W_0 + V_t; the regression vectors are W_t/sqrt(T d)
    freedom: Float[Array, " task"]  # tr of the task's block of the hat matrix: n_t - tr Q_tt


def scale(data: Moments) -> Float[Array, ""]:
    """`T d`, which the model divides out of the products of the data."""
    tasks, dim, _ = data.gram.shape
    return jnp.asarray(tasks * dim, data.gram.dtype)


def decompose(data: Moments) -> Spectra:
    """One symmetric eigendecomposition per task, O(T d^3); done once for a whole grid of couplings.

    Raises:
      BadInput: a task without samples, or sums that are not finite.
    """
    check_positive(count=data.count, hint="every task needs samples")
    check_finite(gram=data.gram, cross=data.cross, square=data.square)
    unit = scale(data)
    values, vectors = jnp.linalg.eigh(data.gram / unit)
    rotated = jnp.einsum("tji,tjq->tiq", vectors, data.cross / jnp.sqrt(unit))
    return Spectra(vectors, jnp.maximum(values, 0), rotated)


def couple(spectra: Spectra, gamma: Float[Array, " task"]) -> Coupled:
    """Prepare every lam at one gamma, O(T d^3).

    Args:
      spectra: of the Gram matrices.
      gamma: strengths of the task-specific parts, >= 0; 0 removes V_t.
    """
    check_nonnegative(gamma=gamma)
    vectors, s, rotated = spectra
    shrink = 1 / (1 + gamma[:, None] * s)  # eigenvalues of R_t
    system = jnp.einsum("tik,tk,tjk->ij", vectors, s * shrink, vectors)
    values, basis = jnp.linalg.eigh(system)
    pull = jnp.einsum("tik,tkq->iq", vectors, shrink[:, :, None] * rotated)
    overlap = jnp.einsum("ij,tik->tjk", basis, vectors) ** 2
    return Coupled(
        gamma, basis, jnp.maximum(values, 0), basis.T @ pull, jnp.einsum("tjk,tk->tj", overlap, s * shrink**2)
    )


def fit(spectra: Spectra, coupled: Coupled, lam: Scalar) -> MultitaskRidge:
    """The estimator at one (gamma, lam), O(T d^2 q).

    Args:
      spectra: of the Gram matrices.
      coupled: from `couple` at the wanted gamma.
      lam: strength of the shared part, >= 0; 0 gives independent ridges.
    """
    check_nonnegative(lam=lam)
    vectors, s, rotated = spectra
    damp = lam / (1 + lam * coupled.values)
    centre = coupled.basis @ (damp[:, None] * coupled.pull)
    gamma = coupled.gamma[:, None]
    shrink = 1 / (1 + gamma * s)
    inner = jnp.einsum("tji,jq->tiq", vectors, centre) + gamma[:, :, None] * rotated
    weights = jnp.einsum("tij,tjq->tiq", vectors, shrink[:, :, None] * inner)
    freedom = (gamma * s * shrink).sum(-1) + coupled.freedom @ damp
    return MultitaskRidge(centre, weights, freedom)


def residual(data: Moments, weights: Float[Array, "task dim output"]) -> Float[Array, " task"]:
    """|Y_t - X_t^T W_t/sqrt(T d)|^2 per task for any weights, on the data the statistics were taken from.

    The error is relative to |Y_t|^2 (the square is expanded): about eps |Y_t|^2/residual.
    """
    weights = weights / jnp.sqrt(scale(data))
    linear = jnp.einsum("tiq,tiq->t", weights, data.cross)
    quadratic = jnp.einsum("tiq,tij,tjq->t", weights, data.gram, weights)
    return data.square - 2 * linear + quadratic


def mean_squared_error(data: Moments, weights: Float[Array, "task dim output"]) -> Float[Array, " task"]:
    """Per task, averaged over samples and outputs."""
    return residual(data, weights) / (data.count * weights.shape[-1])


def generalised_cross_validation(data: Moments, estimate: MultitaskRidge) -> Float[Array, " task"]:
    """Task-wise GCV: training error over `((1/n_t) tr Q_tt)^2`, which tends to the test risk because Q_ii -> 1/(1 + delta_t).

    Assumes independent samples; overlapping windows make it optimistic.
    """
    left = 1 - estimate.freedom / data.count
    return mean_squared_error(data, estimate.weights) / left**2


class Grid(NamedTuple):
    """Scores over a grid of couplings, averaged over tasks."""

    gcv: Float[Array, "gamma lam"]
    freedom: Float[Array, "gamma lam"]  # effective parameters per sample, mean over tasks
    errors: Float[Array, "gamma lam split"]  # mean squared error on each of the given statistics


def score_grid(
    data: Moments,
    others: tuple[Moments, ...],
    *,
    gammas: Float[Array, " gamma"],
    lams: Float[Array, " lam"],
) -> Grid:
    """Fit on `data` for every (gamma, lam), one gamma for all tasks, and score without keeping the weights.

    Memory is one fit at a time; cost O(T d^3) per gamma and O(T d^2 q) per lam.

    Args:
      data: training statistics.
      others: further statistics to score on (validation, test); `errors[..., 0]` is the training error.
      gammas: values >= 0.
      lams: values >= 0.
    """
    spectra = decompose(data)

    def at_gamma(gamma):
        coupled = couple(spectra, jnp.full(data.count.shape, gamma))

        def at_lam(lam):
            estimate = fit(spectra, coupled, lam)
            errors = [mean_squared_error(part, estimate.weights).mean() for part in (data, *others)]
            return Grid(
                generalised_cross_validation(data, estimate).mean(),
                (estimate.freedom / data.count).mean(),
                jnp.stack(errors),
            )

        return jax.lax.map(at_lam, lams)

    return jax.lax.map(at_gamma, gammas)
