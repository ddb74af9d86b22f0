"""Model statistics from unbiased moments, to be inserted in the predicted risks (the route of Ilbert et al. 2024 without oracle).

`statistics_from_moments` needs the feature covariances (known, or from unlabelled data); `statistics_from_least_squares` needs more
samples than dimensions. The estimates are noisy: at d = 100, n = 100 the standard deviation of the estimated w_1.w_2/(Td) is about .15;
leave-one-out (`leave_one_out`) is the default for tuning.
"""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float, Real

from mtrl.numerics.checks import check_psd, check_whole
from mtrl.numerics.types import Scalar
from mtrl.random_matrix.data import TaskData
from mtrl.random_matrix.equivalents import equivalent_general
from mtrl.random_matrix.regression.risk import Risk, assemble


class ModelStatistics(NamedTuple):
    """Unbiased estimates from labelled data; pairs of distinct samples only, so label noise does not enter."""

    mean: Float[Array, "task dim"]  # Sigma_t^-1 X_t Y_t/n_t, estimates w_t/sqrt(Td)
    second: Float[Array, "task dim dim"]  # estimates w_t w_t^T/(Td)
    noise: Float[Array, " task"]  # mean(y^2) - w_t^T Sigma_t w_t/(Td), may come out negative

    @property
    def gram(self) -> Float[Array, "task task"]:
        """`w_s.w_t/(Td)`, unbiased, not necessarily PSD."""
        off = self.mean @ self.mean.T
        return off - jnp.diag(jnp.diagonal(off)) + jnp.diag(jnp.trace(self.second, axis1=1, axis2=2))


def statistics_from_moments(data: TaskData, covariance: Float[Array, "task dim dim"]) -> ModelStatistics:
    """`w_t^T M w_t/(Td) <- sum_{i != j} y_i y_j x_i^T Sigma^-1 M Sigma^-1 x_j/(n_t(n_t-1))`, and
    `w_s.w_t/(Td) <- (Sigma_s^-1 X_s Y_s).(Sigma_t^-1 X_t Y_t)/(n_s n_t)`; first output only.

    Args:
      data: TaskData, at least two samples per task.
      covariance: (T, d, d) of full rank .

    Raises:
      BadInput: a covariance is not symmetric positive definite, or a task has fewer than two samples.
    """  # fmt: skip
    check_psd(
        covariance=covariance, definite=True, hint="tune by leave-one-out (estimate_risk), which needs no inverse"
    )
    check_whole(counts=data.counts, lower=2)
    n = data.counts.astype(data.features.dtype)
    y = data.targets[:, :, 0]
    z = y[:, :, None] * jnp.linalg.solve(covariance, data.features.mT).mT  # y_i Sigma^-1 x_i
    total = jnp.sum(z, axis=1)
    pairs = total[:, :, None] * total[:, None, :] - jnp.einsum("tni,tnj->tij", z, z)
    second = pairs / (n * (n - 1))[:, None, None]
    power = jnp.sum(y**2, axis=1) / n
    return ModelStatistics(total / n[:, None], second, power - jnp.einsum("tij,tij->t", second, covariance))


def statistics_from_least_squares(data: TaskData) -> ModelStatistics:
    """The same statistics where every task has more samples than dimensions, without Sigma: least squares, its bias removed.

    With `H = sum_i x_i x_i^T`, beta = H^-1 X Y and k = d parameters: `noise <- |Y - X^T beta|^2/(n_t - k)` and
    `w_t w_t^T/(Td) <- beta beta^T - noise H^-1`, both unbiased given the features; beta beta^T and |r|^2/n_t alone, the naive
    plug-in, make the hyperplanes too long and the noise too small by a fraction d/n_t. Derived here; first output only.

    Args:
      data: TaskData with n_t > k for every task and features of full rank. Centring uses one more degree of freedom, k = d + 1.

    Raises:
      BadInput: a task has no more samples than parameters.
    """
    parameters = data.features.shape[2] + (data.means is not None)
    check_whole(
        counts=data.counts,
        lower=parameters + 1,
        hint="least squares needs more samples than parameters; use estimate_risk",
    )
    X, y = data.features, data.targets[:, :, 0]
    H = jnp.einsum("tni,tnj->tij", X, X)
    inverse = jnp.linalg.inv(H)
    beta = jnp.linalg.solve(H, jnp.einsum("tni,tn->ti", X, y)[..., None])[..., 0]
    left = y - jnp.einsum("tni,ti->tn", X, beta)
    freedom = data.counts.astype(X.dtype) - parameters
    noise = jnp.sum(left**2, axis=1) / freedom
    return ModelStatistics(beta, beta[:, :, None] * beta[:, None, :] - noise[:, None, None] * inverse, noise)


def positive_noise(noise: Float[Array, " task"], *, floor: Scalar = 1e-3) -> Float[Array, " task"]:
    """Replace estimated noise variances below `floor` by it."""
    return jnp.maximum(noise, floor)


def plug_in_risk(
    B: Float[Array, "task task"],
    n: Real[Array, " task"],
    covariance: Float[Array, "task dim dim"],
    estimated: ModelStatistics,
    *,
    noise_floor: Scalar = 1e-3,
) -> Risk:
    """`risk_general` with W and noise replaced by their estimates.

    `K_s = sum_ab w_a^T L_sa^T Sigma_s L_sb w_b/(Td)`, L = P A^-1: pairs a != b from the means, a = b from the second moments. For
    identity covariance `risk_isotropic` with `nearest_psd(estimated.gram)` does the same in T^3 and keeps the gram PSD.

    Args:
      B, n, covariance: as in `risk_general`.
      estimated: from `statistics_from_moments` or `statistics_from_least_squares`.
      noise_floor: see `positive_noise`.
    """
    T, d = estimated.mean.shape
    e = equivalent_general(B, n, covariance)
    # L = P A^-1 = I - P blockdiag(kappa Sigma)
    L = jnp.eye(T * d, dtype=B.dtype).reshape(T, d, T, d) - jnp.einsum("sitj,t,tjk->sitk", e.P, e.kappa, covariance)
    each = jnp.einsum("siaj,aj->sai", L, estimated.mean)
    u = jnp.sum(each, axis=1)
    product = jnp.einsum("si,sij,sj->s", u, covariance, u) - jnp.einsum("sai,sij,saj->s", each, covariance, each)
    K_self = jnp.einsum("siaj,ajk,smak,sim->s", L, estimated.second, L, covariance)
    return assemble(e, product + K_self, K_self, positive_noise(estimated.noise, floor=noise_floor))
